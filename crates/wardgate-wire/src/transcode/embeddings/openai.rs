//! OpenAI's form.
//!
//! Its clients ask for base64 unless told otherwise and decode it themselves: little-endian floats of four bytes. So floats are
//! encoded here where a provider gives only those.

use super::{EmbeddingsReply, EmbeddingsRequest, INPUTS_MAX, Purpose, not_vectors};
use crate::format::openai_chat::usage::ChatUsage;
use crate::json::read::{is_text, text};
use crate::json::write::object;
use crate::json::{Object, Path, list};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::reply::{in_band, object as read_object};
use crate::transcode::decoder::unreadable;
use crate::transcode::target::Target;
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;

pub(super) fn decode_request(value: &RawValue, path: &Path<'_>) -> Result<EmbeddingsRequest, Untranslatable> {
    let mut object = Object::read(value, path)?;
    let mut warnings = Warnings::default();
    let input_path = path.key("input");
    let input = object.take("input").ok_or_else(|| input_path.wrong("is missing"))?;
    let inputs = inputs(input, &input_path)?;
    let encoding = object.text("encoding_format", path)?;
    let is_base64 = match encoding.as_deref() {
        Some("base64") => true,
        Some("float") | None => false,
        Some(word) => return Err(path.key("encoding_format").wrong(format!("{word:?} is no encoding"))),
    };
    let dimensions = object.count("dimensions", path)?;
    // An extension of hosts that run others' models.
    let purpose = object.text("input_type", path)?.map(|word| (Purpose::of_cohere(&word), "input_type".to_owned()));
    for key in ["model", "user", "models", "provider", "route", "transforms", "usage"] {
        object.take(key);
    }
    object.warn_rest(path, &mut warnings);
    Ok(EmbeddingsRequest { inputs, dimensions, is_base64, purpose, warnings })
}

fn inputs(value: &RawValue, path: &Path<'_>) -> Result<Vec<String>, Untranslatable> {
    if is_text(value) {
        return Ok(vec![text(value, path)?]);
    }
    let values = list(value, path)?;
    if values.len() > INPUTS_MAX {
        return Err(path.wrong(format!("there are more than {INPUTS_MAX} inputs")));
    }
    let mut inputs = Vec::with_capacity(values.len());
    for (index, value) in values.into_iter().enumerate() {
        let path = path.at(index);
        if !is_text(value) {
            let why = "tokens cannot be sent to this provider, since each model has its own: send text";
            return Err(path.refuse("unsupported_input", why));
        }
        inputs.push(text(value, &path)?);
    }
    if inputs.is_empty() {
        return Err(path.wrong("must hold at least one text"));
    }
    Ok(inputs)
}

pub(super) fn encode_request(request: &EmbeddingsRequest, target: &Target<'_>, warnings: &mut Warnings) -> Vec<u8> {
    if let Some((_, path)) = &request.purpose {
        warnings.add("unsupported_parameter", path.as_str());
    }
    object(|json| {
        json.put("model", target.model);
        json.put_texts("input", request.inputs.iter().map(String::as_str));
        json.put("encoding_format", "float");
        if let Some(dimensions) = request.dimensions {
            json.put_number("dimensions", dimensions);
        }
    })
}

#[derive(Deserialize)]
struct Answer<'b> {
    #[serde(borrow)]
    data: Option<&'b RawValue>,
    usage: Option<ChatUsage>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Entry<'b> {
    index: Option<usize>,
    #[serde(borrow)]
    embedding: &'b RawValue,
}

pub(super) fn decode_reply(body: &[u8], credential: Option<&str>) -> Result<EmbeddingsReply, Fault> {
    let answer: Answer<'_> = read_object(body)?;
    let data = match (answer.data, answer.error) {
        (Some(data), _) => data,
        (None, Some(error)) => return Err(in_band(error, credential)),
        (None, None) => return Err(unreadable("the provider's answer has no data")),
    };
    let entries: Vec<Entry<'_>> = serde_json::from_str(data.get()).map_err(not_vectors)?;
    let mut vectors: Vec<Option<Vec<f32>>> = vec![None; entries.len()];
    for (place, entry) in entries.into_iter().enumerate() {
        let slot = vectors.get_mut(entry.index.unwrap_or(place)).filter(|slot| slot.is_none());
        let slot = slot.ok_or_else(|| unreadable("the provider's answer numbers its vectors wrongly"))?;
        *slot = Some(vector(entry.embedding)?);
    }
    let usage = answer.usage.map(|usage| usage.to_usage());
    Ok(EmbeddingsReply { vectors: vectors.into_iter().flatten().collect(), usage })
}

/// A vector in either encoding, whichever was asked for: some hosts know only one.
fn vector(value: &RawValue) -> Result<Vec<f32>, Fault> {
    if !is_text(value) {
        return serde_json::from_str(value.get()).map_err(not_vectors);
    }
    let packed: String = serde_json::from_str(value.get()).map_err(not_vectors)?;
    let bytes = Base64::decode_vec(&packed).map_err(not_vectors)?;
    let (floats, rest) = bytes.as_chunks::<4>();
    if !rest.is_empty() {
        return Err(not_vectors(()));
    }
    Ok(floats.iter().map(|float| f32::from_le_bytes(*float)).collect())
}

pub(super) fn encode_reply(reply: &EmbeddingsReply, request: &EmbeddingsRequest, model: &str) -> Vec<u8> {
    object(|json| {
        json.put("object", "list");
        json.put_list("data", |json| {
            for (index, vector) in reply.vectors.iter().enumerate() {
                json.object(|json| {
                    json.put("object", "embedding");
                    json.put_number("index", index as u64);
                    if request.is_base64 {
                        let bytes: Vec<u8> = vector.iter().flat_map(|value| value.to_le_bytes()).collect();
                        json.put("embedding", &Base64::encode_string(&bytes));
                    } else {
                        json.put_list("embedding", |json| vector.iter().for_each(|value| json.raw(&value.to_string())));
                    }
                });
            }
        });
        json.put("model", model);
        let tokens = reply.usage.map_or(0, |usage| usage.input());
        json.put_object("usage", |json| {
            json.put_number("prompt_tokens", tokens);
            json.put_number("total_tokens", tokens);
        });
    })
}
