//! What comes out of a node, and what the owner reports back: durable, applied, compacted.
use crate::abi::*;
use crate::check;
use crate::convert::*;
use crate::node::*;
use protobuf::Message as _;
use raft::eraftpb::{ConfChange, ConfChangeV2};
use raft::StateRole;
use std::ffi::c_int;
use std::ptr;

#[no_mangle]
pub unsafe extern "C" fn rr_ready(p: *mut Node) -> *const View {
    let mut res: *const View = ptr::null();
    with(p, |n| {
        if n.out.is_some() {
            return n.fail(INVALID, "the last ready was not accepted");
        }
        let mut arena = std::mem::take(&mut n.spare);
        arena.clear();
        let raw = n.raw().unwrap();
        if !raw.has_ready() {
            n.spare = arena;
            return OK;
        }
        let mut rd = raw.ready();
        let mut msgs = Vec::new();
        encode_all(rd.messages(), &mut arena, &mut msgs);
        let now = msgs.len();
        encode_all(rd.persisted_messages(), &mut arena, &mut msgs);
        resolve(&arena, &mut msgs);
        let (committed, reads) = (rd.take_committed_entries(), rd.take_read_states());
        {
            let st = raw.mut_store();
            if !rd.snapshot().is_empty() {
                let m = rd.snapshot().get_metadata();
                st.reset_to(m.index, m.term);
                st.conf = m.get_conf_state().clone();
                st.snapshot = Some(rd.snapshot().clone());
            }
            assert!(st.append(rd.entries()), "hole in the log");
            if let Some(h) = rd.hs() {
                st.hard = h.clone();
            }
        }
        let ss = rd.ss().map(|s| (s.leader_id, role(s.raft_state)));
        let hs = rd.hs().cloned().unwrap_or_default();
        let view = View {
            number: rd.number(),
            must_sync: rd.must_sync() as u32,
            has_hard_state: rd.hs().is_some() as u32,
            hard_state: Hard { term: hs.term, vote: hs.vote, commit: hs.commit },
            has_snapshot: !rd.snapshot().is_empty() as u32,
            soft_changed: ss.is_some() as u32,
            leader: raw.raft.leader_id,
            role: role(raw.raft.state),
            pad: 0,
            snapshot: snap_view(rd.snapshot()),
            entries: ptr::null(),
            n_entries: 0,
            committed: ptr::null(),
            n_committed: 0,
            messages: ptr::null(),
            n_messages: 0,
            after_messages: ptr::null(),
            n_after_messages: 0,
            reads: ptr::null(),
            n_reads: 0,
        };
        let mut o = Box::new(Out {
            ready: rd,
            committed,
            reads,
            arena,
            ents: vec![],
            comm: vec![],
            msgs,
            read_views: vec![],
            view,
        });
        o.ents = o.ready.entries().iter().map(entry_view).collect();
        o.comm = o.committed.iter().map(entry_view).collect();
        o.read_views = o.reads.iter().map(|r| Read { index: r.index, ctx: view_of(&r.request_ctx) }).collect();
        o.view.snapshot = snap_view(o.ready.snapshot());
        let (a, b) = o.msgs.split_at(now);
        (o.view.messages, o.view.n_messages) = (a.as_ptr(), a.len());
        (o.view.after_messages, o.view.n_after_messages) = (b.as_ptr(), b.len());
        (o.view.entries, o.view.n_entries) = (o.ents.as_ptr(), o.ents.len());
        (o.view.committed, o.view.n_committed) = (o.comm.as_ptr(), o.comm.len());
        (o.view.reads, o.view.n_reads) = (o.read_views.as_ptr(), o.read_views.len());
        res = &o.view;
        n.out = Some(o);
        OK
    });
    res
}
#[no_mangle]
pub unsafe extern "C" fn rr_accept(p: *mut Node) -> c_int {
    with(p, |n| {
        let Some(o) = n.out.take() else { return n.fail(INVALID, "no ready is out") };
        let Out { ready, arena, .. } = *o;
        n.spare = arena;
        if n.spare.capacity() > 1 << 20 {
            n.spare = Vec::new();
        }
        n.raw().unwrap().advance_append_async(ready);
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_persisted(p: *mut Node, number: u64) -> c_int {
    with(p, |n| {
        if n.out.is_some() {
            return n.fail(INVALID, "accept the ready first");
        }
        n.raw().unwrap().on_persist_ready(number);
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_applied(p: *mut Node, index: u64) -> c_int {
    with(p, |n| {
        let l = &n.raw().unwrap().raft.raft_log;
        if index < l.applied || index > l.committed.min(l.persisted) {
            return n.fail(INVALID, "applied out of range");
        }
        n.raw().unwrap().advance_apply_to(index);
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_apply_conf(
    p: *mut Node,
    b: *const u8,
    size: usize,
    ty: u32,
    out: *mut Conf,
    context: *mut Bytes,
) -> c_int {
    with(p, |n| {
        let raw = n.raw().unwrap();
        let said: Vec<u8>;
        let res = if ty == 1 {
            let mut cc = ConfChange::default();
            if cc.merge_from_bytes(bytes(b, size)).is_err() {
                return n.fail(INVALID, "not a conf change");
            }
            said = cc.get_context().to_vec();
            raw.apply_conf_change(&cc)
        } else {
            let mut cc = ConfChangeV2::default();
            if cc.merge_from_bytes(bytes(b, size)).is_err() {
                return n.fail(INVALID, "not a conf change");
            }
            said = cc.get_context().to_vec();
            raw.apply_conf_change(&cc)
        };
        match res {
            Ok(mut cs) => {
                // The core stays leader after its own removal and panics at its next durable write.
                if raw.raft.state == StateRole::Leader && !raw.raft.promotable() {
                    let term = raw.raft.term;
                    raw.raft.become_follower(term, 0);
                }
                sort_conf(&mut cs);
                raw.mut_store().conf = cs.clone();
                n.conf_out = cs;
                n.context_out = said;
                if let Some(o) = out.as_mut() {
                    *o = conf_view(&n.conf_out);
                }
                if let Some(o) = context.as_mut() {
                    *o = view_of(&n.context_out);
                }
                OK
            }
            Err(e) => n.fail(INVALID, &e.to_string()),
        }
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_set_snapshot(p: *mut Node, s: *const Snap) -> c_int {
    let Some(s) = s.as_ref() else { return INVALID };
    let snap = snap_in(s);
    with(p, |n| {
        let raw = n.raw().unwrap();
        if s.index > raw.raft.raft_log.applied || !check::conf_ok(snap.get_metadata().get_conf_state()) {
            return n.fail(INVALID, "snapshot beyond applied or bad configuration");
        }
        raw.mut_store().snapshot = Some(snap);
        raw.mut_store().wanted.set(0);
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_compact(p: *mut Node, to: u64) -> c_int {
    with(p, |n| {
        let raw = n.raw().unwrap();
        let limit = raw.raft.raft_log.applied.min(raw.store().snapshot.as_ref().map_or(0, |s| s.get_metadata().index));
        if to > limit || !raw.mut_store().compact(to) {
            return n.fail(INVALID, "beyond applied or the snapshot");
        }
        OK
    })
}
