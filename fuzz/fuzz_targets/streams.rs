//! Any bytes as a stream of every provider, cut anywhere, translated for every client. The last two bytes say where it is cut.

#![no_main]

#[expect(dead_code, reason = "each fuzzer uses a part")]
#[path = "../../crates/wardgate-wire/tests/broken/checks.rs"]
mod checks;

use wardgate_core::format::Format;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((bytes, cut)) = bytes.split_last_chunk::<2>() else { return };
    let cut = usize::from(u16::from_le_bytes(*cut));
    for provider in checks::PROVIDERS {
        checks::stream(provider, bytes, cut);
    }
    // Of bytes that come by chance hardly any are a frame whose checksums are right.
    checks::stream(Format::BedrockConverse, &checks::frames(bytes), cut);
});
