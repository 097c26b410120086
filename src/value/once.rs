//! Something that is made of a fact when it is first wanted, and then kept beside the fact for all threads.
//!
//! A program keeps what its expressions say, not what the machine makes of it; where that is dear (a compiled regular
//! expression), it is kept here. What is kept follows from the fact alone, so it does not matter which thread makes it.

use std::any::Any;
use std::sync::OnceLock;

/// A place for something that is made once.
#[derive(Debug, Default)]
pub struct Once {
    made: OnceLock<Box<dyn Any + Send + Sync>>,
}

impl Once {
    /// What is kept, made now if it was not; none if something of another type is kept, which one maker never meets.
    ///
    /// ```
    /// use expressway::value::once::Once;
    /// let once = Once::default();
    /// assert_eq!(once.get(|| 7u32), Some(&7));
    /// assert_eq!(once.get(|| 8u32), Some(&7));
    /// ```
    pub fn get<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Option<&T> {
        self.made.get_or_init(|| Box::new(make())).downcast_ref()
    }
}
