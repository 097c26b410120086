//! Where the reader is in the document, as a chain of steps on the stack: a location is only spelled out when a
//! diagnostic needs it, so that a definition without fault pays nothing for it.
//!
//! Flows in: keys and indexes. Flows out: AWS's notation, `/States/M/ItemProcessor/States/P/Retry[0]`; the root is `/`.

/// A place in the document.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'p> {
    Root,
    Key(&'p str),
    Index(usize),
}

impl<'p> Place<'p> {
    /// The whole document.
    pub(super) const ROOT: Place<'static> = Place { parent: None, step: Step::Root };

    /// The member of that name.
    pub(super) fn key(&'p self, key: &'p str) -> Place<'p> {
        Place { parent: Some(self), step: Step::Key(key) }
    }

    /// The element of that index.
    pub(super) fn index(&'p self, index: usize) -> Place<'p> {
        Place { parent: Some(self), step: Step::Index(index) }
    }

    /// The place in AWS's notation.
    pub(super) fn location(&self) -> Box<str> {
        let mut steps = Vec::new();
        let mut place = Some(self);
        while let Some(here) = place {
            steps.push(here.step);
            place = here.parent;
        }
        let mut text = String::new();
        for step in steps.into_iter().rev() {
            match step {
                Step::Root => {}
                Step::Key(key) => {
                    text.push('/');
                    text.push_str(key);
                }
                Step::Index(index) => {
                    text.push('[');
                    text.push_str(&index.to_string());
                    text.push(']');
                }
            }
        }
        if text.is_empty() {
            text.push('/');
        }
        text.into()
    }
}
