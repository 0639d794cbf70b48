//! The structs of include/rsraft.h, field by field.
use std::ffi::{c_char, c_int, c_void};

pub const OK: c_int = 0;
pub const NOT_LEADER: c_int = 1;
pub const BUSY: c_int = 2;
pub const BAD_MESSAGE: c_int = 3;
pub const INVALID: c_int = 4;
pub const BROKEN: c_int = 5;

pub type LogFn = Option<unsafe extern "C" fn(*mut c_void, c_int, *const c_char, usize)>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Bytes {
    pub data: *const u8,
    pub size: usize,
}
#[repr(C)]
pub struct Cfg {
    pub id: u64,
    pub seed: u64,
    pub applied: u64,
    pub election_tick: u32,
    pub heartbeat_tick: u32,
    pub max_inflight_msgs: u32,
    pub pre_vote: u32,
    pub check_quorum: u32,
    pub batch_append: u32,
    pub unchecked: u32,
    pub priority: i64,
    pub max_size_per_msg: u64,
    pub max_uncommitted_size: u64,
    pub max_committed_size_per_ready: u64,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Hard {
    pub term: u64,
    pub vote: u64,
    pub commit: u64,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Conf {
    pub voters: *const u64,
    pub n_voters: usize,
    pub learners: *const u64,
    pub n_learners: usize,
    pub outgoing: *const u64,
    pub n_outgoing: usize,
    pub learners_next: *const u64,
    pub n_learners_next: usize,
    pub auto_leave: u32,
}
#[repr(C)]
pub struct Ent {
    pub index: u64,
    pub term: u64,
    pub ty: u32,
    pub pad: u32,
    pub data: Bytes,
}
#[repr(C)]
pub struct Snap {
    pub index: u64,
    pub term: u64,
    pub conf: Conf,
    pub data: Bytes,
}
#[repr(C)]
pub struct Msg {
    pub to: u64,
    pub ty: u32,
    pub is_snapshot: u32,
    pub snapshot_index: u64,
    pub body: Bytes,
}
#[repr(C)]
pub struct Read {
    pub index: u64,
    pub ctx: Bytes,
}
#[repr(C)]
pub struct View {
    pub number: u64,
    pub must_sync: u32,
    pub has_hard_state: u32,
    pub hard_state: Hard,
    pub has_snapshot: u32,
    pub soft_changed: u32,
    pub leader: u64,
    pub role: u32,
    pub pad: u32,
    pub snapshot: Snap,
    pub entries: *const Ent,
    pub n_entries: usize,
    pub committed: *const Ent,
    pub n_committed: usize,
    pub messages: *const Msg,
    pub n_messages: usize,
    pub after_messages: *const Msg,
    pub n_after_messages: usize,
    pub reads: *const Read,
    pub n_reads: usize,
}
#[repr(C)]
pub struct StatusOut {
    pub id: u64,
    pub term: u64,
    pub vote: u64,
    pub leader: u64,
    pub commit: u64,
    pub applied: u64,
    pub persisted: u64,
    pub first_index: u64,
    pub last_index: u64,
    pub last_term: u64,
    pub transferee: u64,
    pub uncommitted_bytes: u64,
    pub pending_conf_index: u64,
    pub snapshot_wanted_by: u64,
    pub role: u32,
    pub promotable: u32,
    pub election_timeout: u32,
    pub election_elapsed: u32,
}
#[repr(C)]
pub struct Peek {
    pub from: u64,
    pub to: u64,
    pub term: u64,
    pub index: u64,
    pub snapshot_index: u64,
    pub snapshot_term: u64,
    pub ty: u32,
    pub pad: u32,
    pub token: Bytes,
}
#[repr(C)]
pub struct Change {
    pub ty: u32,
    pub pad: u32,
    pub id: u64,
}
