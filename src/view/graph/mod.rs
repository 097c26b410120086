//! State machines as drawings: SVG, HTML, Mermaid and DOT.
//!
//! ```text
//! Definition ─ model ─▶ Graph ─ scene, layout ─▶ places ─ svg ─▶ SVG ─ html ─▶ a page
//!                         │         ▲
//!                         │   overlay: a run's counts
//!                         └─ mermaid, dot: texts for others' layout
//! ```
//!
//! | file | holds |
//! | --- | --- |
//! | [`model`] | a definition as nodes and edges |
//! | [`wording`] | conditions, resources, retriers in words |
//! | [`measure`] | how wide texts are |
//! | [`layout`] | where everything in one scope goes |
//! | [`scene`] | a whole graph with places |
//! | [`overlay`] | a run's counts, from its summary |
//! | [`svg`], [`html`], [`mermaid`], [`dot`] | the forms |
//!
//! A state goes by its name, which is unique in a machine, nested scopes included; where a name could also be that of a
//! state of a handler, counts are matched by location (`/States/Each/ItemProcessor/States/Ship`). The same definition
//! and summary always give the same bytes.

pub mod dot;
pub mod html;
pub mod layout;
pub mod measure;
pub mod mermaid;
pub mod model;
pub mod overlay;
pub mod scene;
pub mod svg;
pub mod wording;

pub use model::Graph;
pub use overlay::{Overlay, OverlayError};
