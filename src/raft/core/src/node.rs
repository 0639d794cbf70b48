//! One node: its state around the core, and how every call enters it.
use crate::abi::*;
use crate::convert::mix;
use crate::store::Log;
use raft::eraftpb::{ConfState, Entry, Message};
use raft::{Config, Error, RawNode, ReadState, Ready};
use std::cell::RefCell;
use std::ffi::{c_int, c_void, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Everything a ready view points into. Lives until `rr_accept`.
pub(crate) struct Out {
    pub(crate) ready: Ready,
    pub(crate) committed: Vec<Entry>,
    pub(crate) reads: Vec<ReadState>,
    pub(crate) arena: Vec<u8>,
    pub(crate) ents: Vec<Ent>,
    pub(crate) comm: Vec<Ent>,
    pub(crate) msgs: Vec<Msg>,
    pub(crate) read_views: Vec<Read>,
    pub(crate) view: View,
}

pub(crate) enum Core {
    Restoring(Box<(Config, Log)>),
    Running(Box<RawNode<Log>>),
    Gone,
}

pub struct Node {
    pub(crate) core: Core,
    pub(crate) out: Option<Box<Out>>,
    pub(crate) spare: Vec<u8>,
    pub(crate) conf_out: ConfState,
    pub(crate) context_out: Vec<u8>,
    pub(crate) seed: u64,
    pub(crate) campaigns: u64,
    pub(crate) unchecked: bool,
    pub(crate) broken: bool,
    pub(crate) error: CString,
    pub(crate) logger: slog::Logger,
}

pub(crate) struct Sink(pub(crate) LogFn, pub(crate) usize);
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

impl Node {
    pub(crate) fn raw(&mut self) -> Option<&mut RawNode<Log>> {
        match &mut self.core {
            Core::Running(r) => Some(r),
            _ => None,
        }
    }

    /// Election jitter as a pure function, set after every call that may have reset it.
    pub(crate) fn jitter(&mut self) {
        let (seed, n) = (self.seed, self.campaigns);
        if let Core::Running(raw) = &mut self.core {
            let r = &mut raw.raft;
            let base = r.election_timeout();
            let k = mix(seed ^ mix(r.id ^ mix(r.term ^ mix(n))));
            r.set_randomized_election_timeout(base + (k % base as u64) as usize);
        }
    }

    pub(crate) fn fail(&mut self, rc: c_int, why: &str) -> c_int {
        self.error = CString::new(why.replace('\0', " ")).unwrap_or_default();
        rc
    }

    pub(crate) fn refuse(&mut self, e: Error) -> c_int {
        match e {
            Error::ProposalDropped => self.fail(BUSY, "proposal dropped"),
            e => self.fail(INVALID, &e.to_string()),
        }
    }
}

thread_local! {
    pub(crate) static LAST_PANIC: RefCell<String> = const { RefCell::new(String::new()) };
    pub(crate) static PEEKED: RefCell<Message> = RefCell::new(Message::default());
}

/// Runs `f` on a healthy, running node; a panic marks the node broken.
pub(crate) unsafe fn with(p: *mut Node, f: impl FnOnce(&mut Node) -> c_int) -> c_int {
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
pub(crate) fn broke(n: &mut Node, cause: Box<dyn std::any::Any + Send>) -> c_int {
    n.broken = true;
    let text = cause
        .downcast_ref::<String>()
        .cloned()
        .or_else(|| cause.downcast_ref::<&str>().map(|s| s.to_string()))
        .unwrap_or_default();
    let at = LAST_PANIC.with(|p| p.borrow().clone());
    n.fail(BROKEN, &format!("{text} [{at}]"))
}
