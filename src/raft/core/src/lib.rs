//! raft-rs behind a C ABI. The contract is include/rsraft.h.
mod check;
mod store;

use protobuf::Message as _;
use raft::eraftpb::{
    ConfChange, ConfChangeSingle, ConfChangeTransition, ConfChangeType, ConfChangeV2, ConfState, Entry, EntryType,
    HardState, Message, MessageType, Snapshot,
};
use raft::{Config, Error, ProgressState, RawNode, ReadState, Ready, SnapshotStatus, StateRole, Storage};
use std::cell::RefCell;
use std::ffi::{c_char, c_int, c_void, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::{ptr, slice};
use store::{Kept, Log};

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
    data: *const u8,
    size: usize,
}
#[repr(C)]
pub struct Cfg {
    id: u64,
    seed: u64,
    applied: u64,
    election_tick: u32,
    heartbeat_tick: u32,
    max_inflight_msgs: u32,
    pre_vote: u32,
    check_quorum: u32,
    batch_append: u32,
    unchecked: u32,
    priority: i64,
    max_size_per_msg: u64,
    max_uncommitted_size: u64,
    max_committed_size_per_ready: u64,
}
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub struct Hard {
    term: u64,
    vote: u64,
    commit: u64,
}
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Conf {
    voters: *const u64,
    n_voters: usize,
    learners: *const u64,
    n_learners: usize,
    outgoing: *const u64,
    n_outgoing: usize,
    learners_next: *const u64,
    n_learners_next: usize,
    auto_leave: u32,
}
#[repr(C)]
pub struct Ent {
    index: u64,
    term: u64,
    ty: u32,
    pad: u32,
    data: Bytes,
}
#[repr(C)]
pub struct Snap {
    index: u64,
    term: u64,
    conf: Conf,
    data: Bytes,
}
#[repr(C)]
pub struct Msg {
    to: u64,
    ty: u32,
    is_snapshot: u32,
    snapshot_index: u64,
    body: Bytes,
}
#[repr(C)]
pub struct Read {
    index: u64,
    ctx: Bytes,
}
#[repr(C)]
pub struct View {
    number: u64,
    must_sync: u32,
    has_hard_state: u32,
    hard_state: Hard,
    has_snapshot: u32,
    soft_changed: u32,
    leader: u64,
    role: u32,
    pad: u32,
    snapshot: Snap,
    entries: *const Ent,
    n_entries: usize,
    committed: *const Ent,
    n_committed: usize,
    messages: *const Msg,
    n_messages: usize,
    after_messages: *const Msg,
    n_after_messages: usize,
    reads: *const Read,
    n_reads: usize,
}
#[repr(C)]
pub struct StatusOut {
    id: u64,
    term: u64,
    vote: u64,
    leader: u64,
    commit: u64,
    applied: u64,
    persisted: u64,
    first_index: u64,
    last_index: u64,
    last_term: u64,
    transferee: u64,
    uncommitted_bytes: u64,
    pending_conf_index: u64,
    snapshot_wanted_by: u64,
    role: u32,
    promotable: u32,
    election_timeout: u32,
    election_elapsed: u32,
}
#[repr(C)]
pub struct Peer {
    id: u64,
    matched: u64,
    next: u64,
    pending_snapshot: u64,
    state: u32,
    active: u32,
    paused: u32,
    is_voter: u32,
}
#[repr(C)]
pub struct Peek {
    from: u64,
    to: u64,
    term: u64,
    index: u64,
    snapshot_index: u64,
    snapshot_term: u64,
    ty: u32,
    pad: u32,
    token: Bytes,
}
#[repr(C)]
pub struct Change {
    ty: u32,
    pad: u32,
    id: u64,
}

/// Everything a ready view points into. Lives until `rr_accept`.
struct Out {
    ready: Ready,
    committed: Vec<Entry>,
    reads: Vec<ReadState>,
    arena: Vec<u8>,
    ents: Vec<Ent>,
    comm: Vec<Ent>,
    msgs: Vec<Msg>,
    read_views: Vec<Read>,
    view: View,
}

enum Core {
    Restoring(Box<(Config, Log)>),
    Running(Box<RawNode<Log>>),
    Gone,
}

pub struct Node {
    core: Core,
    out: Option<Box<Out>>,
    spare: Vec<u8>,
    conf_out: ConfState,
    seed: u64,
    campaigns: u64,
    unchecked: bool,
    broken: bool,
    error: CString,
    logger: slog::Logger,
}

struct Sink(LogFn, usize);
impl slog::Drain for Sink {
    type Ok = ();
    type Err = slog::Never;
    fn log(&self, rec: &slog::Record, _: &slog::OwnedKVList) -> Result<(), slog::Never> {
        if let Some(f) = self.0 {
            let text = rec.msg().to_string();
            unsafe { f(self.1 as *mut c_void, rec.level().as_usize() as c_int, text.as_ptr().cast(), text.len()) };
        }
        Ok(())
    }
}

unsafe fn bytes<'a>(p: *const u8, n: usize) -> &'a [u8] {
    if n == 0 {
        &[]
    } else {
        slice::from_raw_parts(p, n)
    }
}
unsafe fn list(p: *const u64, n: usize) -> Vec<u64> {
    if n == 0 {
        Vec::new()
    } else {
        slice::from_raw_parts(p, n).to_vec()
    }
}
fn view_of(b: &[u8]) -> Bytes {
    Bytes { data: b.as_ptr(), size: b.len() }
}
unsafe fn conf_in(c: &Conf) -> ConfState {
    let mut s = ConfState::default();
    s.set_voters(list(c.voters, c.n_voters));
    s.set_learners(list(c.learners, c.n_learners));
    s.set_voters_outgoing(list(c.outgoing, c.n_outgoing));
    s.set_learners_next(list(c.learners_next, c.n_learners_next));
    s.auto_leave = c.auto_leave != 0;
    s
}
/// Order of ids inside the core is that of a hash set (fixed hash, yet not sorted): sort what goes out.
fn sort_conf(s: &mut ConfState) {
    s.mut_voters().sort_unstable();
    s.mut_learners().sort_unstable();
    s.mut_voters_outgoing().sort_unstable();
    s.mut_learners_next().sort_unstable();
}
fn conf_view(s: &ConfState) -> Conf {
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
unsafe fn snap_in(s: &Snap) -> Snapshot {
    let mut out = Snapshot::default();
    out.data = bytes(s.data.data, s.data.size).to_vec().into();
    let m = out.mut_metadata();
    m.index = s.index;
    m.term = s.term;
    m.set_conf_state(conf_in(&s.conf));
    out
}
fn snap_view(s: &Snapshot) -> Snap {
    let m = s.get_metadata();
    Snap { index: m.index, term: m.term, conf: conf_view(m.get_conf_state()), data: view_of(s.get_data()) }
}
fn entry_view(e: &Entry) -> Ent {
    Ent { index: e.index, term: e.term, ty: e.get_entry_type() as u32, pad: 0, data: view_of(e.get_data()) }
}
fn entry_type(t: u32) -> Option<EntryType> {
    match t {
        0 => Some(EntryType::EntryNormal),
        1 => Some(EntryType::EntryConfChange),
        2 => Some(EntryType::EntryConfChangeV2),
        _ => None,
    }
}
fn role(s: StateRole) -> u32 {
    match s {
        StateRole::Follower => 0,
        StateRole::Candidate => 1,
        StateRole::Leader => 2,
        StateRole::PreCandidate => 3,
    }
}
fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

fn decode(b: &[u8]) -> Option<Message> {
    let mut m = Message::default();
    m.merge_from_bytes(b).ok()?;
    Some(m)
}
/// Bodies are offsets into the arena until `resolve`, because the arena moves while it grows.
fn encode_all(ms: &[Message], arena: &mut Vec<u8>, out: &mut Vec<Msg>) {
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
fn resolve(arena: &[u8], out: &mut [Msg]) {
    for m in out {
        m.body.data = unsafe { arena.as_ptr().add(m.body.data as usize) };
    }
}

impl Node {
    fn raw(&mut self) -> Option<&mut RawNode<Log>> {
        match &mut self.core {
            Core::Running(r) => Some(r),
            _ => None,
        }
    }

    /// Election jitter as a pure function, set after every call that may have reset it.
    fn jitter(&mut self) {
        let (seed, n) = (self.seed, self.campaigns);
        if let Core::Running(raw) = &mut self.core {
            let r = &mut raw.raft;
            let base = r.election_timeout();
            let k = mix(seed ^ mix(r.id ^ mix(r.term ^ mix(n))));
            r.set_randomized_election_timeout(base + (k % base as u64) as usize);
        }
    }

    fn fail(&mut self, rc: c_int, why: &str) -> c_int {
        self.error = CString::new(why.replace('\0', " ")).unwrap_or_default();
        rc
    }

    fn refuse(&mut self, e: Error) -> c_int {
        match e {
            Error::ProposalDropped => self.fail(BUSY, "proposal dropped"),
            e => self.fail(INVALID, &e.to_string()),
        }
    }
}

thread_local! {
    static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
    static PEEKED: RefCell<Message> = RefCell::new(Message::default());
}

/// Runs `f` on a healthy, running node; a panic marks the node broken.
unsafe fn with(p: *mut Node, f: impl FnOnce(&mut Node) -> c_int) -> c_int {
    let Some(n) = p.as_mut() else { return INVALID };
    if n.broken {
        return BROKEN;
    }
    if !matches!(n.core, Core::Running(_)) {
        return n.fail(INVALID, "not started");
    }
    let rc = catch_unwind(AssertUnwindSafe(|| {
        let rc = f(&mut *n);
        n.jitter();
        rc
    }));
    rc.unwrap_or_else(|cause| broke(n, cause))
}
fn broke(n: &mut Node, cause: Box<dyn std::any::Any + Send>) -> c_int {
    n.broken = true;
    let text = cause
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| cause.downcast_ref::<&str>().map(|s| s.to_string()))
        .unwrap_or_default();
    let at = LAST_PANIC.with(|p| p.borrow().clone());
    n.fail(BROKEN, &format!("{text} [{at}]"))
}

#[no_mangle]
pub unsafe extern "C" fn rr_init(f: LogFn, ctx: *mut c_void) {
    let ctx = ctx as usize;
    std::panic::set_hook(Box::new(move |info| {
        let at = info.location().map(|l| format!("{}:{}", l.file(), l.line())).unwrap_or_default();
        if let Some(f) = f {
            let t = info.to_string();
            f(ctx as *mut c_void, 1, t.as_ptr().cast(), t.len());
        }
        let _ = LAST_PANIC.try_with(|p| *p.borrow_mut() = at);
    }));
}
#[no_mangle]
pub extern "C" fn rr_abi() -> u32 {
    1
}

#[no_mangle]
pub unsafe extern "C" fn rr_create(c: *const Cfg, f: LogFn, ctx: *mut c_void) -> *mut Node {
    let Some(c) = c.as_ref() else { return ptr::null_mut() };
    let mut k = Config::new(c.id);
    k.election_tick = c.election_tick as usize;
    k.heartbeat_tick = c.heartbeat_tick as usize;
    k.applied = c.applied;
    k.max_size_per_msg = c.max_size_per_msg;
    k.max_inflight_msgs = c.max_inflight_msgs as usize;
    k.pre_vote = c.pre_vote != 0;
    k.check_quorum = c.check_quorum != 0;
    k.batch_append = c.batch_append != 0;
    k.priority = c.priority;
    k.max_uncommitted_size = c.max_uncommitted_size;
    k.max_committed_size_per_ready = c.max_committed_size_per_ready;
    if k.validate().is_err() {
        return ptr::null_mut();
    }
    let logger = match f {
        None => slog::Logger::root(slog::Discard, slog::o!()),
        Some(_) => slog::Logger::root(Sink(f, ctx as usize), slog::o!()),
    };
    Box::into_raw(Box::new(Node {
        core: Core::Restoring(Box::new((k, Log::default()))),
        out: None,
        spare: Vec::new(),
        conf_out: ConfState::default(),
        seed: c.seed,
        campaigns: 0,
        unchecked: c.unchecked != 0,
        broken: false,
        error: CString::default(),
        logger,
    }))
}
#[no_mangle]
pub unsafe extern "C" fn rr_free(p: *mut Node) {
    if !p.is_null() {
        let n = Box::from_raw(p);
        let _ = catch_unwind(AssertUnwindSafe(move || drop(n)));
    }
}
#[no_mangle]
pub unsafe extern "C" fn rr_restore_snapshot(p: *mut Node, s: *const Snap) -> c_int {
    let (Some(n), Some(s)) = (p.as_mut(), s.as_ref()) else { return INVALID };
    let snap = snap_in(s);
    let Core::Restoring(b) = &mut n.core else { return n.fail(INVALID, "already started") };
    if !b.1.entries.is_empty() {
        return n.fail(INVALID, "entries came first");
    }
    // A joiner has no configuration at all.
    if (snap.get_metadata().index > 0 || !snap.get_metadata().get_conf_state().get_voters().is_empty())
        && !check::conf_ok(snap.get_metadata().get_conf_state())
    {
        return n.fail(INVALID, "bad configuration");
    }
    b.1.reset_to(s.index, s.term);
    b.1.conf = snap.get_metadata().get_conf_state().clone();
    if s.index > 0 {
        b.1.snapshot = Some(snap);
    }
    OK
}
#[no_mangle]
pub unsafe extern "C" fn rr_restore_entries(p: *mut Node, e: *const Ent, count: usize) -> c_int {
    let Some(n) = p.as_mut() else { return INVALID };
    let Core::Restoring(b) = &mut n.core else { return n.fail(INVALID, "already started") };
    for v in if count == 0 { &[] } else { slice::from_raw_parts(e, count) } {
        let Some(ty) = entry_type(v.ty) else { return n.fail(INVALID, "entry type") };
        if v.index <= b.1.base_index || v.index > b.1.last() + 1 {
            return n.fail(INVALID, "hole in the log");
        }
        b.1.entries.truncate((v.index - b.1.base_index - 1) as usize);
        b.1.entries.push_back(Kept { term: v.term, ty, data: bytes(v.data.data, v.data.size).into() });
    }
    OK
}
#[no_mangle]
pub unsafe extern "C" fn rr_start(p: *mut Node, hs: *const Hard) -> c_int {
    let (Some(n), Some(hs)) = (p.as_mut(), hs.as_ref()) else { return INVALID };
    let Core::Restoring(b) = std::mem::replace(&mut n.core, Core::Gone) else {
        return n.fail(INVALID, "already started");
    };
    let (cfg, mut log) = *b;
    let mut h = HardState::default();
    h.term = hs.term;
    h.vote = hs.vote;
    h.commit = hs.commit.max(log.base_index);
    if h.commit > log.last() || cfg.applied > h.commit || cfg.applied < log.base_index {
        return n.fail(INVALID, "commit or applied outside the log");
    }
    log.hard = h;
    let logger = n.logger.clone();
    match catch_unwind(AssertUnwindSafe(|| RawNode::new(&cfg, log, &logger))) {
        Ok(Ok(r)) => {
            n.core = Core::Running(Box::new(r));
            n.jitter();
            OK
        }
        Ok(Err(e)) => n.fail(INVALID, &e.to_string()),
        Err(c) => broke(n, c),
    }
}

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
pub unsafe extern "C" fn rr_apply_conf(p: *mut Node, b: *const u8, size: usize, ty: u32, out: *mut Conf) -> c_int {
    with(p, |n| {
        let raw = n.raw().unwrap();
        let res = if ty == 1 {
            let mut cc = ConfChange::default();
            if cc.merge_from_bytes(bytes(b, size)).is_err() {
                return n.fail(INVALID, "not a conf change");
            }
            raw.apply_conf_change(&cc)
        } else {
            let mut cc = ConfChangeV2::default();
            if cc.merge_from_bytes(bytes(b, size)).is_err() {
                return n.fail(INVALID, "not a conf change");
            }
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
                if let Some(o) = out.as_mut() {
                    *o = conf_view(&n.conf_out);
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
pub unsafe extern "C" fn rr_conf_now(p: *mut Node, out: *mut Conf) -> c_int {
    with(p, |n| {
        let mut cs = n.raw().unwrap().raft.prs().conf().to_conf_state();
        sort_conf(&mut cs);
        n.conf_out = cs;
        if let Some(o) = out.as_mut() {
            *o = conf_view(&n.conf_out);
        }
        OK
    })
}
#[no_mangle]
pub unsafe extern "C" fn rr_peers(p: *mut Node, out: *mut Peer, cap: usize) -> usize {
    let mut count = 0;
    with(p, |n| {
        let prs = n.raw().unwrap().raft.prs();
        let mut ids: Vec<u64> = prs.iter().map(|(id, _)| *id).collect();
        ids.sort_unstable();
        let cs = prs.conf().to_conf_state();
        for id in ids.iter().take(cap) {
            let q = prs.get(*id).unwrap();
            *out.add(count) = Peer {
                id: *id,
                matched: q.matched,
                next: q.next_idx,
                pending_snapshot: q.pending_snapshot,
                state: match q.state {
                    ProgressState::Probe => 0,
                    ProgressState::Replicate => 1,
                    ProgressState::Snapshot => 2,
                },
                active: q.recent_active as u32,
                paused: q.is_paused() as u32,
                is_voter: (cs.get_voters().contains(id) || cs.get_voters_outgoing().contains(id)) as u32,
            };
            count += 1;
        }
        OK
    });
    count
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
