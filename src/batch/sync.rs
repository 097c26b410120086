//! The primitives that the order of results is kept with. A test puts others in their place, under which it tries every
//! way in which a few threads can meet; so nothing else may be used there.

pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
pub(super) use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
