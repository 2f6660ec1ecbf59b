//! Embeddings: vectors that depend on the text alone.
//!
//! A vector is the sum of one direction per word, so texts that share words point alike. That is enough for a search demo.

use serde::Deserialize;
use serde_json::{Value, json};

use crate::ask::{Ask, read_json};
use crate::refusal::Refusal;
use crate::script::count_tokens;

const DIMENSIONS: usize = 256;
const DIMENSIONS_MAX: usize = 4096;
/// As many as OpenAI takes in one request.
const INPUTS_MAX: usize = 2048;

/// A request, read.
#[derive(Debug)]
pub(crate) struct EmbeddingAsk {
    /// What any request has: the model and the count.
    pub(crate) ask: Ask,
    inputs: Vec<String>,
    dimensions: usize,
    encoding: Encoding,
}

#[derive(Deserialize)]
struct Request {
    model: String,
    input: Input,
    #[serde(default)]
    dimensions: Option<usize>,
    #[serde(default)]
    encoding_format: Option<Encoding>,
}

/// How a vector is written.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    Base64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Text(String),
    Texts(Vec<String>),
    Tokens(Vec<u64>),
    TokenLists(Vec<Vec<u64>>),
}

/// Reads a request.
pub(crate) fn read(body: &[u8]) -> Result<EmbeddingAsk, Refusal> {
    let request: Request = read_json(body)?;
    let inputs = match request.input {
        Input::Text(text) => vec![text],
        Input::Texts(texts) => texts,
        Input::Tokens(tokens) => vec![spelled(&tokens)],
        Input::TokenLists(lists) => lists.iter().map(|tokens| spelled(tokens)).collect(),
    };
    if inputs.is_empty() || inputs.len() > INPUTS_MAX {
        return Err(Refusal::bad_request(format!("The number of inputs is 1 to {INPUTS_MAX}.")));
    }
    let dimensions = request.dimensions.unwrap_or(DIMENSIONS);
    if dimensions == 0 || dimensions > DIMENSIONS_MAX {
        return Err(Refusal::bad_request(format!("The number of dimensions is 1 to {DIMENSIONS_MAX}.")));
    }
    let prompt_tokens = inputs.iter().map(|input| count_tokens(input)).sum();
    let ask = Ask { model: request.model, prompt_tokens, ..Ask::default() };
    Ok(EmbeddingAsk { ask, inputs, dimensions, encoding: request.encoding_format.unwrap_or_default() })
}

/// The answer.
pub(crate) fn whole(embedding_ask: &EmbeddingAsk) -> Value {
    let data = embedding_ask.inputs.iter().enumerate().map(|(index, input)| {
        let vector = vector(input, embedding_ask.dimensions);
        let embedding = match embedding_ask.encoding {
            Encoding::Float => json!(vector),
            Encoding::Base64 => json!(base64(&vector.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>())),
        };
        json!({"object": "embedding", "index": index, "embedding": embedding})
    });
    let tokens = embedding_ask.ask.prompt_tokens;
    json!({
        "object": "list",
        "data": data.collect::<Vec<_>>(),
        "model": embedding_ask.ask.model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    })
}

/// A list of tokens has no text here; its numbers are words as good as any.
fn spelled(tokens: &[u64]) -> String {
    tokens.iter().map(|token| format!("{token} ")).collect()
}

/// A vector of length 1.
fn vector(text: &str, dimensions: usize) -> Vec<f32> {
    let mut sum = vec![0f32; dimensions];
    // The empty word is in every text: no text is without a direction.
    for word in text.split_whitespace().chain([""]) {
        let mut state =
            word.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        for number in &mut sum {
            *number += direction(&mut state);
        }
    }
    let length = sum.iter().map(|number| number * number).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    sum.into_iter().map(|number| number / length).collect()
}

/// The next of a row of numbers between −1 and 1 that look random (splitmix64).
fn direction(state: &mut u64) -> f32 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    let sixteen = u16::try_from((mixed ^ (mixed >> 31)) >> 48).unwrap_or_default();
    f32::from(sixteen) / 32_767.5 - 1.0
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let [a, b, c] = three;
        let digits = [a >> 2, (a & 3) << 4 | b >> 4, (b & 15) << 2 | c >> 6, c & 63];
        for (at, digit) in digits.into_iter().enumerate() {
            text.push(if at <= chunk.len() { char::from(DIGITS[usize::from(digit)]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alike(left: &str, right: &str) -> f32 {
        vector(left, 64).iter().zip(vector(right, 64)).map(|(a, b)| a * b).sum()
    }

    #[test]
    fn vectors_are_of_length_one_and_alike_when_texts_are() {
        for text in ["", "a", "the quick brown fox"] {
            assert!((alike(text, text) - 1.0).abs() < 1e-5, "{text:?}");
        }
        assert!(
            alike("quick brown fox jumps", "quick brown fox sleeps")
                > alike("quick brown fox jumps", "seven large grey stones")
        );
    }

    #[test]
    fn base64_pads() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn every_form_of_input_is_read() {
        for (input, count) in [(r#""a b""#, 1), (r#"["a","b"]"#, 2), ("[1,2,3]", 1), ("[[1],[2,3]]", 2)] {
            let body = format!(r#"{{"model":"embed","input":{input},"dimensions":4}}"#);
            let answer = whole(&read(body.as_bytes()).unwrap_or_else(|refusal| panic!("{refusal:?}")));
            assert_eq!(answer["data"].as_array().map(Vec::len), Some(count), "{input}");
            assert_eq!(answer["data"][0]["embedding"].as_array().map(Vec::len), Some(4));
        }
        for body in [r#"{"model":"embed","input":[]}"#, r#"{"model":"embed","input":"a","dimensions":0}"#] {
            assert!(read(body.as_bytes()).is_err(), "{body}");
        }
    }
}
