//! Embeddings: OpenAI's request in the forms of Gemini and Cohere, and their answers back.
//!
//! OpenAI's clients ask for base64 unless told otherwise and decode it themselves: little-endian floats of four bytes. So
//! floats are encoded here where a provider gives only those.

use super::target::Target;
use crate::json::read::{is_text, text};
use crate::json::write::object;
use crate::json::{Object, Path, list};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::reply::{in_band, object as read_object};
use crate::transcode::decoder::unreadable;
use base64ct::{Base64, Encoding};
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;
use wardgate_core::usage::Usage;

/// The most inputs of one request.
pub const INPUTS_MAX: usize = 2_048;

/// Who is asked for embeddings, if not in OpenAI's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbeddingsForm {
    /// Gemini's `batchEmbedContents`.
    Gemini,
    /// Cohere's `/v2/embed`.
    Cohere,
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingsRequest {
    /// The model as the client named it.
    pub model: String,
    /// The texts.
    pub inputs: Vec<String>,
    /// How long the vectors shall be.
    pub dimensions: Option<u64>,
    /// Whether vectors shall come as base64.
    pub is_base64: bool,
    /// What the vectors are for, in Cohere's words (`search_document`, …).
    pub input_type: Option<String>,
    /// What the reading of the body already lost.
    pub warnings: Warnings,
}

/// Vectors, and what they cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingsReply {
    /// One vector an input, in order.
    pub vectors: Vec<Vec<f32>>,
    /// What was used, if that was said. Gemini does not say it.
    pub usage: Option<Usage>,
}

/// Reads a request in OpenAI's format.
///
/// # Errors
/// When it is not what the format says, when inputs are tokens, which no other provider can read, or when there are more than
/// [`INPUTS_MAX`].
pub fn decode_request(body: &[u8]) -> Result<EmbeddingsRequest, Untranslatable> {
    let path = Path::Root;
    let value: &RawValue = serde_json::from_slice(body)
        .map_err(|error| path.wrong(format!("not valid JSON at line {} column {}", error.line(), error.column())))?;
    let mut object = Object::read(value, &path)?;
    let mut warnings = Warnings::default();
    let input_path = path.key("input");
    let input = object.take("input").ok_or_else(|| input_path.wrong("is missing"))?;
    let inputs = inputs(input, &input_path)?;
    if inputs.len() > INPUTS_MAX {
        return Err(input_path.wrong(format!("there are more than {INPUTS_MAX} inputs")));
    }
    let encoding = object.text("encoding_format", &path)?;
    let is_base64 = match encoding.as_deref() {
        Some("base64") => true,
        Some("float") | None => false,
        Some(word) => return Err(path.key("encoding_format").wrong(format!("{word:?} is no encoding"))),
    };
    let model = object.text("model", &path)?.unwrap_or_default();
    let dimensions = object.count("dimensions", &path)?;
    let input_type = object.text("input_type", &path)?;
    for key in ["user", "models", "provider", "route", "transforms", "usage"] {
        object.take(key);
    }
    object.warn_rest(&path, &mut warnings);
    Ok(EmbeddingsRequest { model, inputs, dimensions, is_base64, input_type, warnings })
}

fn inputs(value: &RawValue, path: &Path<'_>) -> Result<Vec<String>, Untranslatable> {
    if is_text(value) {
        return Ok(vec![text(value, path)?]);
    }
    let mut inputs = Vec::new();
    for (index, value) in list(value, path)?.into_iter().enumerate() {
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

/// Writes a request for a provider. What is lost beside what the reading lost is returned with it.
#[must_use]
pub fn encode_request(form: EmbeddingsForm, request: &EmbeddingsRequest, target: &Target<'_>) -> (Vec<u8>, Warnings) {
    let warnings = request.warnings.clone();
    let body = match form {
        EmbeddingsForm::Gemini => object(|json| {
            json.put_list("requests", |json| {
                for input in &request.inputs {
                    json.object(|json| {
                        let model = target.model;
                        let name = if model.starts_with("models/") { model.to_owned() } else { format!("models/{model}") };
                        json.put("model", &name);
                        json.put_object("content", |json| {
                            json.put_list("parts", |json| json.object(|json| json.put("text", input)));
                        });
                        json.put_some("taskType", request.input_type.as_deref().and_then(task_type));
                        if let Some(dimensions) = request.dimensions {
                            json.put_number("outputDimensionality", dimensions);
                        }
                    });
                }
            });
        }),
        EmbeddingsForm::Cohere => object(|json| {
            json.put("model", target.model);
            json.put_texts("texts", request.inputs.iter().map(String::as_str));
            // The field is required there and unknown here; documents are what most embed.
            json.put("input_type", request.input_type.as_deref().unwrap_or("search_document"));
            json.put_texts("embedding_types", ["float"]);
            if let Some(dimensions) = request.dimensions {
                json.put_number("output_dimension", dimensions);
            }
        }),
    };
    (body, warnings)
}

fn task_type(input_type: &str) -> Option<&'static str> {
    match input_type {
        "search_document" => Some("RETRIEVAL_DOCUMENT"),
        "search_query" => Some("RETRIEVAL_QUERY"),
        "classification" => Some("CLASSIFICATION"),
        "clustering" => Some("CLUSTERING"),
        _ => None,
    }
}

#[derive(Deserialize)]
struct Answer<'b> {
    #[serde(borrow)]
    embeddings: Option<&'b RawValue>,
    meta: Option<Meta>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Meta {
    billed_units: Option<Billed>,
}

#[derive(Deserialize)]
struct Billed {
    input_tokens: Option<f64>,
}

#[derive(Deserialize)]
struct GeminiVector {
    values: Vec<f32>,
}

#[derive(Deserialize)]
struct CohereVectors {
    float: Vec<Vec<f32>>,
}

/// Reads a provider's answer to a request with so many inputs.
///
/// # Errors
/// When it is no such answer, an error in its place, or has another number of vectors.
pub fn decode_reply(
    form: EmbeddingsForm,
    body: &[u8],
    inputs: usize,
    credential: Option<&str>,
) -> Result<EmbeddingsReply, Fault> {
    let answer: Answer<'_> = read_object(body)?;
    if let Some(error) = answer.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    let embeddings = answer.embeddings.ok_or_else(|| unreadable("the provider's answer has no embeddings"))?.get();
    let wrong = |_| unreadable("the provider's answer holds something else than vectors");
    let vectors = match form {
        EmbeddingsForm::Gemini => {
            let vectors: Vec<GeminiVector> = serde_json::from_str(embeddings).map_err(wrong)?;
            vectors.into_iter().map(|vector| vector.values).collect()
        }
        EmbeddingsForm::Cohere => serde_json::from_str::<CohereVectors>(embeddings).map_err(wrong)?.float,
    };
    if vectors.len() != inputs {
        return Err(unreadable(format!("the provider answered {} vectors for {inputs} inputs", vectors.len())));
    }
    let tokens = answer.meta.and_then(|meta| meta.billed_units?.input_tokens).map(|tokens| tokens as u64);
    let usage = tokens.map(|tokens| Usage { input_uncached: tokens, ..Usage::default() });
    Ok(EmbeddingsReply { vectors, usage })
}

/// Writes an answer in OpenAI's format.
#[must_use]
pub fn encode_reply(reply: &EmbeddingsReply, request: &EmbeddingsRequest, model: &str) -> Vec<u8> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(form: EmbeddingsForm, body: &str, expected: &Expect) {
        let found = match decode_request(body.as_bytes()) {
            Ok(request) => {
                let (body, warnings) = encode_request(form, &request, &Target::new("m"));
                format!("{} | {}", String::from_utf8_lossy(&body), warnings.to_header().unwrap_or_default())
            }
            Err(refused) => format!("{}: {refused}", refused.code),
        };
        expected.assert_eq(&found);
    }

    #[test]
    fn requests() {
        check(
            EmbeddingsForm::Gemini,
            r#"{"model":"x","input":["a","b"],"dimensions":3,"input_type":"search_query","odd":1}"#,
            &expect![[
                r#"{"requests":[{"model":"models/m","content":{"parts":[{"text":"a"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":3},{"model":"models/m","content":{"parts":[{"text":"b"}]},"taskType":"RETRIEVAL_QUERY","outputDimensionality":3}]} | unknown_field;odd"#
            ]],
        );
        check(
            EmbeddingsForm::Cohere,
            r#"{"model":"x","input":"a","encoding_format":"base64","user":"u"}"#,
            &expect![[r#"{"model":"m","texts":["a"],"input_type":"search_document","embedding_types":["float"]} | "#]],
        );
        check(
            EmbeddingsForm::Cohere,
            r#"{"model":"x","input":[[1,2]]}"#,
            &expect![
                "unsupported_input: input[0]: tokens cannot be sent to this provider, since each model has its own: send text"
            ],
        );
    }

    #[test]
    fn replies() {
        let mut request = decode_request(br#"{"model":"x","input":["a"]}"#).unwrap_or_else(|error| panic!("{error}"));
        let cohere = br#"{"embeddings":{"float":[[0.5,-1.0]]},"meta":{"billed_units":{"input_tokens":7}}}"#;
        let reply = decode_reply(EmbeddingsForm::Cohere, cohere, 1, None).unwrap_or_default();
        expect![[r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.5,-1]}],"model":"m","usage":{"prompt_tokens":7,"total_tokens":7}}"#]]
            .assert_eq(&String::from_utf8_lossy(&encode_reply(&reply, &request, "m")));
        request.is_base64 = true;
        let gemini = br#"{"embeddings":[{"values":[0.5,-1.0]}]}"#;
        let reply = decode_reply(EmbeddingsForm::Gemini, gemini, 1, None).unwrap_or_default();
        expect![[r#"{"object":"list","data":[{"object":"embedding","index":0,"embedding":"AAAAPwAAgL8="}],"model":"m","usage":{"prompt_tokens":0,"total_tokens":0}}"#]]
            .assert_eq(&String::from_utf8_lossy(&encode_reply(&reply, &request, "m")));
        assert!(decode_reply(EmbeddingsForm::Gemini, gemini, 2, None).is_err());
    }
}
