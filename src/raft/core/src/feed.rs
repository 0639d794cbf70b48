//! What goes into a node: time, messages, proposals, wishes.
use crate::abi::*;
use crate::check;
use crate::convert::*;
use crate::node::*;
use crate::store::Log;
use raft::eraftpb::{ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2, MessageType};
use raft::{Error, RawNode, SnapshotStatus, StateRole};
use std::ffi::c_int;
use std::panic::catch_unwind;
use std::slice;

/// Everything in the log is on disk.
fn durable(raw: &RawNode<Log>) -> bool {
    let l = &raw.raft.raft_log;
    l.last_index() == l.persisted
}

#[no_mangle]
pub unsafe extern "C" fn rr_tick(p: *mut Node) -> c_int {
    with(p, |n| {
        let raw = n.raw().unwrap();
        let r = &raw.raft;
        let fires = r.state != StateRole::Leader && r.election_elapsed + 1 >= r.randomized_election_timeout();
        // With asynchronous writes a lone voter would become leader with entries that are not durable: the core asserts.
        if fires && !durable(raw) {
            return OK;
        }
        raw.tick();
        n.campaigns += fires as u64;
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_step(p: *mut Node, from: u64, b: *const u8, size: usize) -> c_int {
    with(p, |n| {
        let Some(m) = decode(bytes(b, size)) else { return n.fail(BAD_MESSAGE, "not a message") };
        let unchecked = n.unchecked;
        let raw = n.raw().unwrap();
        if m.get_msg_type() == MessageType::MsgTimeoutNow && !durable(raw) {
            return n.fail(BUSY, "the log is not durable yet");
        }
        if !unchecked {
            if let Err(why) = check::admit(raw, from, &m) {
                return n.fail(BAD_MESSAGE, why);
            }
        }
        match raw.step(m) {
            Ok(()) => OK,
            Err(Error::StepPeerNotFound) | Err(Error::StepLocalMsg) => n.fail(BAD_MESSAGE, "not a member"),
            Err(e) => n.refuse(e),
        }
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_peek(b: *const u8, size: usize, out: *mut Peek) -> c_int {
    let Some(out) = out.as_mut() else { return INVALID };
    let Ok(Some(m)) = catch_unwind(|| decode(bytes(b, size))) else { return BAD_MESSAGE };
    PEEKED.with(|c| {
        *c.borrow_mut() = m;
        let m = c.borrow();
        let meta = m.get_snapshot().get_metadata();
        *out = Peek {
            from: m.from,
            to: m.to,
            term: m.term,
            index: m.index,
            snapshot_index: meta.index,
            snapshot_term: meta.term,
            ty: m.get_msg_type() as u32,
            pad: 0,
            token: view_of(m.get_snapshot().get_data()),
        };
    });
    OK
}
#[no_mangle]
pub unsafe extern "C" fn rr_propose(p: *mut Node, b: *const u8, size: usize, index: *mut u64, term: *mut u64) -> c_int {
    with(p, |n| {
        let raw = n.raw().unwrap();
        if raw.raft.state != StateRole::Leader {
            return NOT_LEADER;
        }
        match raw.propose(Vec::new(), bytes(b, size).to_vec()) {
            Ok(()) => {
                if let Some(i) = index.as_mut() {
                    *i = raw.raft.raft_log.last_index();
                }
                if let Some(t) = term.as_mut() {
                    *t = raw.raft.term;
                }
                OK
            }
            Err(e) => n.refuse(e),
        }
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_propose_conf(
    p: *mut Node,
    c: *const Change,
    count: usize,
    transition: u32,
    ctx: *const u8,
    ctx_n: usize,
    index: *mut u64,
) -> c_int {
    with(p, |n| {
        let mut cc = ConfChangeV2::default();
        cc.set_transition(match transition {
            0 => ConfChangeTransition::Auto,
            1 => ConfChangeTransition::Implicit,
            2 => ConfChangeTransition::Explicit,
            _ => return n.fail(INVALID, "transition"),
        });
        cc.context = bytes(ctx, ctx_n).to_vec().into();
        for v in if count == 0 { &[] } else { slice::from_raw_parts(c, count) } {
            let mut s = ConfChangeSingle::default();
            s.set_change_type(match v.ty {
                0 => ConfChangeType::AddNode,
                1 => ConfChangeType::RemoveNode,
                2 => ConfChangeType::AddLearnerNode,
                _ => return n.fail(INVALID, "change type"),
            });
            s.node_id = v.id;
            cc.mut_changes().push(s);
        }
        let raw = n.raw().unwrap();
        if raw.raft.state != StateRole::Leader {
            return NOT_LEADER;
        }
        // The core would silently append an empty entry instead.
        let joint = !raw.raft.prs().conf().to_conf_state().get_voters_outgoing().is_empty();
        if raw.raft.has_pending_conf() || joint != (count == 0) {
            return n.fail(BUSY, "another change is not finished");
        }
        // Try the change on a copy: an impossible one must fail here and not when it is applied everywhere.
        {
            let mut ch = raft::Changer::new(raw.raft.prs());
            let tried = if cc.leave_joint_() {
                ch.leave_joint().map(|_| ())
            } else if let Some(auto) = cc.enter_joint_() {
                ch.enter_joint(auto, cc.get_changes()).map(|_| ())
            } else {
                ch.simple(cc.get_changes()).map(|_| ())
            };
            if let Err(e) = tried {
                return n.fail(INVALID, &e.to_string());
            }
        }
        match raw.propose_conf_change(Vec::new(), cc) {
            Ok(()) => {
                if let Some(i) = index.as_mut() {
                    *i = raw.raft.raft_log.last_index();
                }
                OK
            }
            Err(e) => n.refuse(e),
        }
    })
}
trait Kind {
    fn leave_joint_(&self) -> bool;
    fn enter_joint_(&self) -> Option<bool>;
}
impl Kind for ConfChangeV2 {
    fn leave_joint_(&self) -> bool {
        self.get_transition() == ConfChangeTransition::Auto && self.get_changes().is_empty()
    }
    fn enter_joint_(&self) -> Option<bool> {
        if self.get_transition() != ConfChangeTransition::Auto || self.get_changes().len() > 1 {
            Some(self.get_transition() != ConfChangeTransition::Explicit)
        } else {
            None
        }
    }
}
#[no_mangle]
pub unsafe extern "C" fn rr_read_index(p: *mut Node, b: *const u8, size: usize) -> c_int {
    with(p, |n| {
        let raw = n.raw().unwrap();
        if raw.raft.leader_id == 0 {
            return NOT_LEADER;
        }
        // A leader drops it silently before it has committed in its own term.
        if raw.raft.state == StateRole::Leader && !raw.raft.commit_to_current_term() {
            return n.fail(BUSY, "nothing committed in this term yet");
        }
        raw.read_index(bytes(b, size).to_vec());
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_campaign(p: *mut Node) -> c_int {
    with(p, |n| {
        let raw = n.raw().unwrap();
        if !raw.raft.promotable() {
            return n.fail(INVALID, "not a voter");
        }
        if !durable(raw) {
            return n.fail(BUSY, "the log is not durable yet");
        }
        match raw.campaign() {
            Ok(()) => OK,
            Err(e) => n.refuse(e),
        }
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_transfer(p: *mut Node, to: u64) -> c_int {
    with(p, |n| {
        let raw = n.raw().unwrap();
        if raw.raft.state != StateRole::Leader {
            return NOT_LEADER;
        }
        raw.transfer_leader(to);
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_report_unreachable(p: *mut Node, id: u64) -> c_int {
    with(p, |n| {
        n.raw().unwrap().report_unreachable(id);
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_report_snapshot(p: *mut Node, id: u64, ok: c_int) -> c_int {
    with(p, |n| {
        n.raw().unwrap().report_snapshot(id, if ok != 0 { SnapshotStatus::Finish } else { SnapshotStatus::Failure });
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_leader_gone(p: *mut Node, leader: u64) -> c_int {
    with(p, |n| {
        let r = &mut n.raw().unwrap().raft;
        if r.state != StateRole::Follower || leader == 0 || r.leader_id != leader {
            return n.fail(INVALID, "does not follow it");
        }
        // Without a leader there is no lease. Its vote and its term stay as they are: it can be won over only as after
        // an election timeout.
        r.leader_id = 0;
        OK
    })
}
