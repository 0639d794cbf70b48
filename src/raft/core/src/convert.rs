//! Between C views and the core's types. Views point into what they were made from.
use crate::abi::*;
use protobuf::Message as _;
use raft::eraftpb::{ConfState, Entry, EntryType, Message, MessageType, Snapshot};
use raft::StateRole;
use std::slice;

pub(crate) unsafe fn bytes<'a>(p: *const u8, n: usize) -> &'a [u8] {
    if n == 0 {
        &[]
    } else {
        slice::from_raw_parts(p, n)
    }
}
pub(crate) unsafe fn list(p: *const u64, n: usize) -> Vec<u64> {
    if n == 0 {
        Vec::new()
    } else {
        slice::from_raw_parts(p, n).to_vec()
    }
}
pub(crate) fn view_of(b: &[u8]) -> Bytes {
    Bytes { data: b.as_ptr(), size: b.len() }
}
pub(crate) unsafe fn conf_in(c: &Conf) -> ConfState {
    let mut s = ConfState::default();
    s.set_voters(list(c.voters, c.n_voters));
    s.set_learners(list(c.learners, c.n_learners));
    s.set_voters_outgoing(list(c.outgoing, c.n_outgoing));
    s.set_learners_next(list(c.learners_next, c.n_learners_next));
    s.auto_leave = c.auto_leave != 0;
    s
}
/// Order of ids inside the core is that of a hash set (fixed hash, yet not sorted): sort what goes out.
pub(crate) fn sort_conf(s: &mut ConfState) {
    s.mut_voters().sort_unstable();
    s.mut_learners().sort_unstable();
    s.mut_voters_outgoing().sort_unstable();
    s.mut_learners_next().sort_unstable();
}
pub(crate) fn conf_view(s: &ConfState) -> Conf {
    let (v, l, o, n) = (s.get_voters(), s.get_learners(), s.get_voters_outgoing(), s.get_learners_next());
    Conf {
        voters: v.as_ptr(),
        n_voters: v.len(),
        learners: l.as_ptr(),
        n_learners: l.len(),
        outgoing: o.as_ptr(),
        n_outgoing: o.len(),
        learners_next: n.as_ptr(),
        n_learners_next: n.len(),
        auto_leave: s.auto_leave as u32,
    }
}
pub(crate) unsafe fn snap_in(s: &Snap) -> Snapshot {
    let mut out = Snapshot::default();
    out.data = bytes(s.data.data, s.data.size).to_vec().into();
    let m = out.mut_metadata();
    m.index = s.index;
    m.term = s.term;
    m.set_conf_state(conf_in(&s.conf));
    out
}
pub(crate) fn snap_view(s: &Snapshot) -> Snap {
    let m = s.get_metadata();
    Snap { index: m.index, term: m.term, conf: conf_view(m.get_conf_state()), data: view_of(s.get_data()) }
}
pub(crate) fn entry_view(e: &Entry) -> Ent {
    Ent { index: e.index, term: e.term, ty: e.get_entry_type() as u32, pad: 0, data: view_of(e.get_data()) }
}
pub(crate) fn entry_type(t: u32) -> Option<EntryType> {
    match t {
        0 => Some(EntryType::EntryNormal),
        1 => Some(EntryType::EntryConfChange),
        2 => Some(EntryType::EntryConfChangeV2),
        _ => None,
    }
}
pub(crate) fn role(s: StateRole) -> u32 {
    match s {
        StateRole::Follower => 0,
        StateRole::Candidate => 1,
        StateRole::Leader => 2,
        StateRole::PreCandidate => 3,
    }
}
pub(crate) fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

pub(crate) fn decode(b: &[u8]) -> Option<Message> {
    let mut m = Message::default();
    m.merge_from_bytes(b).ok()?;
    Some(m)
}
/// Bodies are offsets into the arena until `resolve`, because the arena moves while it grows.
pub(crate) fn encode_all(ms: &[Message], arena: &mut Vec<u8>, out: &mut Vec<Msg>) {
    for m in ms {
        let at = arena.len();
        let n = m.compute_size() as usize;
        arena.resize(at + n, 0);
        let mut os = protobuf::CodedOutputStream::bytes(&mut arena[at..]);
        m.write_to_with_cached_sizes(&mut os).expect("encode");
        let snap = m.get_msg_type() == MessageType::MsgSnapshot;
        out.push(Msg {
            to: m.to,
            ty: m.get_msg_type() as u32,
            is_snapshot: snap as u32,
            snapshot_index: if snap { m.get_snapshot().get_metadata().index } else { 0 },
            body: Bytes { data: at as *const u8, size: n },
        });
    }
}
pub(crate) fn resolve(arena: &[u8], out: &mut [Msg]) {
    for m in out {
        m.body.data = unsafe { arena.as_ptr().add(m.body.data as usize) };
    }
}
