//! The reader of events against serde_json: any bytes are a chunk of lines, and each line must fare as serde_json says,
//! with every engine, alone or between its neighbours.
#![no_main]

#[path = "../../scan/oracle.rs"]
mod oracle;

use expressway::value::scan::{DEPTH_MAX, Engine, Index, Scratch, SlotTrie, WalkPlan, validate};
use libfuzzer_sys::fuzz_target;
use oracle::{Counts, PATHS, compare_engines, is_json, read};

fuzz_target!(|bytes: &[u8]| {
    // Only ours limits the depth here.
    if bytes.iter().filter(|&byte| b"[{".contains(byte)).count() > DEPTH_MAX {
        return;
    }
    let plan = WalkPlan { trie: SlotTrie::new(PATHS), find_duplicates: true };
    for engine in Engine::available() {
        read(bytes, &mut Scratch::with_engine(engine), &plan, &mut Counts::default());
    }
    compare_engines(bytes, &mut Index::default(), &mut Index::default());
    let body = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    assert_eq!(validate(bytes).is_ok(), is_json(body), "{}", String::from_utf8_lossy(bytes));
});
