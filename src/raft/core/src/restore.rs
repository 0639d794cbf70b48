//! From nothing to a running node: create, restore the snapshot, restore entries, start.
use crate::abi::*;
use crate::check;
use crate::convert::*;
use crate::node::*;
use crate::store::{Kept, Log};
use raft::eraftpb::{ConfState, HardState};
use raft::{Config, RawNode};
use std::ffi::{c_int, c_void, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::{ptr, slice};

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
        context_out: Vec::new(),
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
