//! raft-rs behind a C ABI. The contract is include/rsraft.h.
#![allow(clippy::missing_safety_doc)] // the header says what each call needs

mod abi;
mod check;
mod convert;
mod drain;
mod feed;
mod inspect;
mod node;
mod restore;
mod store;
