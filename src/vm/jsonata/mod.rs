//! JSONata, the language of `{% … %}` (States Language, "JSONata"; JSONata 2.0.6).
//!
//! [`library`] holds what its functions compute, apart from who calls them.

pub mod library;
