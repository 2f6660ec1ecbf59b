//! Gemini's forms: several texts at once, and one.
//!
//! Each text of several says by itself what it is for and how long its vector shall be. Others are told that once, so all must
//! agree there.

use super::{EmbeddingsReply, EmbeddingsRequest, INPUTS_MAX, Purpose, not_vectors};
use crate::format::gemini::{model_name, usage::GeminiUsage};
use crate::json::read::text;
use crate::json::write::object;
use crate::json::{Json, Object, Path, list};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::peek;
use crate::reply::{in_band, object as read_object};
use crate::transcode::decoder::unreadable;
use crate::transcode::target::Target;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;

/// What is asked of one text.
struct One {
    input: String,
    dimensions: Option<u64>,
    task_type: Option<String>,
}

pub(super) fn decode_request(value: &RawValue, path: &Path<'_>) -> Result<EmbeddingsRequest, Untranslatable> {
    let mut body = Object::read(value, path)?;
    let mut warnings = Warnings::default();
    let requests_path = path.key("requests");
    let values = list(body.take("requests").ok_or_else(|| requests_path.wrong("is missing"))?, &requests_path)?;
    if values.is_empty() || values.len() > INPUTS_MAX {
        return Err(requests_path.wrong(format!("must hold at least one request and at most {INPUTS_MAX}")));
    }
    rest(&mut body, path, &mut warnings);
    let mut all: Option<EmbeddingsRequest> = None;
    for (index, value) in values.into_iter().enumerate() {
        let path = requests_path.at(index);
        let one = one(value, &path, &mut warnings)?;
        let purpose = one.task_type.map(|word| (Purpose::of_gemini(&word), path.key("taskType").to_string()));
        let Some(all) = &mut all else {
            let (dimensions, warnings) = (one.dimensions, Warnings::default());
            all = Some(EmbeddingsRequest { inputs: vec![one.input], dimensions, is_base64: false, purpose, warnings });
            continue;
        };
        let why = "must be the same in all requests, since this provider is told it once for all texts";
        if all.dimensions != one.dimensions {
            return Err(path.key("outputDimensionality").refuse("unsupported_parameter", why));
        }
        if all.purpose.as_ref().map(|(purpose, _)| purpose) != purpose.as_ref().map(|(purpose, _)| purpose) {
            return Err(path.key("taskType").refuse("unsupported_parameter", why));
        }
        all.inputs.push(one.input);
    }
    let all = all.ok_or_else(|| requests_path.wrong("is empty"))?;
    Ok(EmbeddingsRequest { warnings, ..all })
}

pub(super) fn decode_one(value: &RawValue, path: &Path<'_>) -> Result<EmbeddingsRequest, Untranslatable> {
    let mut warnings = Warnings::default();
    let one = one(value, path, &mut warnings)?;
    let purpose = one.task_type.map(|word| (Purpose::of_gemini(&word), path.key("taskType").to_string()));
    Ok(EmbeddingsRequest { inputs: vec![one.input], dimensions: one.dimensions, is_base64: false, purpose, warnings })
}

fn one(value: &RawValue, path: &Path<'_>, warnings: &mut Warnings) -> Result<One, Untranslatable> {
    let mut object = Object::read(value, path)?;
    let content_path = path.key("content");
    let content = object.take("content").ok_or_else(|| content_path.wrong("is missing"))?;
    let input = content_text(content, &content_path, warnings)?;
    let task_type = object.take_either("taskType", "task_type").map(|word| text(word, &path.key("taskType"))).transpose()?;
    let dimensions = match object.count("outputDimensionality", path)? {
        Some(dimensions) => Some(dimensions),
        None => object.count("output_dimensionality", path)?,
    };
    if object.take("title").is_some() {
        warnings.add("unsupported_parameter", path.key("title").to_string());
    }
    object.take("output_dimensionality");
    rest(&mut object, path, warnings);
    Ok(One { input, dimensions, task_type: task_type.filter(|word| word != "TASK_TYPE_UNSPECIFIED") })
}

/// What is left over is told, but for what steers the gateway and the model, which the path names.
fn rest(object: &mut Object<'_>, path: &Path<'_>, warnings: &mut Warnings) {
    object.take("model");
    if matches!(path, Path::Root) {
        for key in peek::GATEWAY_ONLY {
            object.take(key);
        }
    }
    object.warn_rest(path, warnings);
}

/// All text of a content, which has one vector however many parts it has.
fn content_text(value: &RawValue, path: &Path<'_>, warnings: &mut Warnings) -> Result<String, Untranslatable> {
    let mut content = Object::read(value, path)?;
    let parts_path = path.key("parts");
    let mut texts = Vec::new();
    for (index, part) in content.list("parts", path)?.into_iter().enumerate() {
        let path = parts_path.at(index);
        let mut part = Object::read(part, &path)?;
        let Some(text) = part.text("text", &path)? else {
            let why = "this provider makes vectors of text only";
            return Err(path.refuse("unsupported_modality", why));
        };
        part.warn_rest(&path, warnings);
        texts.push(text);
    }
    if texts.is_empty() {
        return Err(parts_path.wrong("must hold at least one part"));
    }
    // Whose turn it would be in a conversation says nothing here.
    content.take("role");
    content.warn_rest(path, warnings);
    Ok(texts.join("\n"))
}

pub(super) fn encode_request(request: &EmbeddingsRequest, target: &Target<'_>, warnings: &mut Warnings) -> Vec<u8> {
    let purpose = request.purpose.as_ref().map(|(purpose, path)| (purpose.to_gemini(), path));
    if let Some((None, path)) = &purpose {
        warnings.add("unsupported_parameter", path.as_str());
    }
    let model = model_name(target.model);
    object(|json| {
        json.put_list("requests", |json| {
            for input in &request.inputs {
                json.object(|json| {
                    json.put("model", &model);
                    json.put_object("content", |json| {
                        json.put_list("parts", |json| json.object(|json| json.put("text", input)));
                    });
                    json.put_some("taskType", purpose.and_then(|(word, _)| word));
                    if let Some(dimensions) = request.dimensions {
                        json.put_number("outputDimensionality", dimensions);
                    }
                });
            }
        });
    })
}

#[derive(Deserialize)]
struct Answer<'b> {
    #[serde(borrow)]
    embeddings: Option<&'b RawValue>,
    #[serde(rename = "usageMetadata")]
    usage: Option<GeminiUsage>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Vector {
    values: Vec<f32>,
}

pub(super) fn decode_reply(body: &[u8], credential: Option<&str>) -> Result<EmbeddingsReply, Fault> {
    let answer: Answer<'_> = read_object(body)?;
    if let Some(error) = answer.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    let embeddings = answer.embeddings.ok_or_else(|| unreadable("the provider's answer has no embeddings"))?.get();
    let vectors: Vec<Vector> = serde_json::from_str(embeddings).map_err(not_vectors)?;
    let vectors = vectors.into_iter().map(|vector| vector.values).collect();
    Ok(EmbeddingsReply { vectors, usage: answer.usage.map(|usage| usage.to_usage()) })
}

pub(super) fn encode_reply(reply: &EmbeddingsReply) -> Vec<u8> {
    object(|json| {
        json.put_list("embeddings", |json| {
            reply.vectors.iter().for_each(|vector| json.object(|json| write_values(json, vector)));
        });
        write_usage(json, reply);
    })
}

pub(super) fn encode_one(reply: &EmbeddingsReply) -> Vec<u8> {
    object(|json| {
        json.put_object("embedding", |json| write_values(json, reply.vectors.first().map_or(&[], Vec::as_slice)));
        write_usage(json, reply);
    })
}

fn write_values(json: &mut Json<'_>, vector: &[f32]) {
    json.put_list("values", |json| vector.iter().for_each(|value| json.raw(&value.to_string())));
}

fn write_usage(json: &mut Json<'_>, reply: &EmbeddingsReply) {
    if let Some(usage) = &reply.usage {
        json.put_object("usageMetadata", |json| {
            json.put_number("promptTokenCount", usage.input());
            json.put_number("totalTokenCount", usage.input());
        });
    }
}

impl Purpose {
    fn of_gemini(word: &str) -> Self {
        match word {
            "RETRIEVAL_DOCUMENT" => Self::Document,
            "RETRIEVAL_QUERY" => Self::Query,
            "CLASSIFICATION" => Self::Classification,
            "CLUSTERING" => Self::Clustering,
            other => Self::Gemini(other.to_owned()),
        }
    }

    pub(super) fn to_gemini(&self) -> Option<&str> {
        match self {
            Self::Document => Some("RETRIEVAL_DOCUMENT"),
            Self::Query => Some("RETRIEVAL_QUERY"),
            Self::Classification => Some("CLASSIFICATION"),
            Self::Clustering => Some("CLUSTERING"),
            Self::Gemini(word) => Some(word),
            Self::Cohere(_) => None,
        }
    }
}
