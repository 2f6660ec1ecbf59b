//! Any bytes as a whole answer of every provider, translated for every client; and as an error.

#![no_main]

#[expect(dead_code, reason = "each fuzzer uses a part")]
#[path = "../../crates/wardgate-wire/tests/broken/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    checks::answer(bytes);
});
