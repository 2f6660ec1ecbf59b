//! Any bytes as a request in every format: what is read of it, edited in it, and translated from it.

#![no_main]

#[expect(dead_code, reason = "each fuzzer uses a part")]
#[path = "../../crates/wardgate-wire/tests/broken/checks.rs"]
mod checks;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    checks::ask(bytes);
});
