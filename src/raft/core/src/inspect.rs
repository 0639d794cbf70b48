//! Looking at a node without changing it.
use crate::abi::*;
use crate::convert::*;
use crate::node::*;
use raft::{StateRole, Storage};
use std::ffi::{c_char, c_int};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

#[no_mangle]
pub unsafe extern "C" fn rr_status(p: *const Node, out: *mut StatusOut) {
    let (Some(n), Some(o)) = (p.as_ref(), out.as_mut()) else { return };
    let Core::Running(raw) = &n.core else {
        ptr::write_bytes(out, 0, 1);
        return;
    };
    let r = &raw.raft;
    *o = StatusOut {
        id: r.id,
        term: r.term,
        vote: r.vote,
        leader: r.leader_id,
        commit: r.raft_log.committed,
        applied: r.raft_log.applied,
        persisted: r.raft_log.persisted,
        first_index: r.raft_log.first_index(),
        last_index: r.raft_log.last_index(),
        last_term: r.raft_log.last_term(),
        transferee: r.lead_transferee.unwrap_or(0),
        uncommitted_bytes: r.uncommitted_size() as u64,
        pending_conf_index: r.pending_conf_index,
        snapshot_wanted_by: r.raft_log.store.wanted.get(),
        role: role(r.state),
        promotable: r.promotable() as u32,
        election_timeout: r.randomized_election_timeout() as u32,
        election_elapsed: r.election_elapsed as u32,
    };
}
#[no_mangle]
pub unsafe extern "C" fn rr_error(p: *const Node) -> *const c_char {
    p.as_ref().map_or(ptr::null(), |n| n.error.as_ptr())
}
#[no_mangle]
pub unsafe extern "C" fn rr_is_broken(p: *const Node) -> c_int {
    p.as_ref().map_or(1, |n| n.broken as c_int)
}
#[no_mangle]
pub unsafe extern "C" fn rr_term_at(p: *const Node, index: u64) -> u64 {
    match p.as_ref().map(|n| &n.core) {
        Some(Core::Running(r)) => catch_unwind(AssertUnwindSafe(|| {
            r.raft.raft_log.term(index).or_else(|_| r.store().term(index)).unwrap_or(0)
        }))
        .unwrap_or(0),
        _ => 0,
    }
}
#[no_mangle]
pub unsafe extern "C" fn rr_match(p: *const Node, id: u64) -> u64 {
    match p.as_ref().map(|n| &n.core) {
        Some(Core::Running(r)) if r.raft.state == StateRole::Leader => r.raft.prs().get(id).map_or(0, |q| q.matched),
        _ => 0,
    }
}
