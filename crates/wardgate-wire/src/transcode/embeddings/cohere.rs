//! Cohere's form, as providers speak it.

use super::{EmbeddingsReply, EmbeddingsRequest, Purpose, not_vectors};
use crate::json::write::object;
use crate::neutral::loss::Warnings;
use crate::reply::{in_band, object as read_object};
use crate::transcode::decoder::unreadable;
use crate::transcode::target::Target;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;
use wardgate_core::usage::Usage;

pub(super) fn encode_request(request: &EmbeddingsRequest, target: &Target<'_>, warnings: &mut Warnings) -> Vec<u8> {
    let purpose = request.purpose.as_ref().map(|(purpose, path)| (purpose.to_cohere(), path));
    if let Some((None, path)) = &purpose {
        warnings.add("unsupported_parameter", path.as_str());
    }
    object(|json| {
        json.put("model", target.model);
        json.put_texts("texts", request.inputs.iter().map(String::as_str));
        // The field is required there and unknown elsewhere; documents are what most embed.
        json.put("input_type", purpose.and_then(|(word, _)| word).unwrap_or("search_document"));
        json.put_texts("embedding_types", ["float"]);
        if let Some(dimensions) = request.dimensions {
            json.put_number("output_dimension", dimensions);
        }
    })
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
struct Vectors {
    float: Vec<Vec<f32>>,
}

pub(super) fn decode_reply(body: &[u8], credential: Option<&str>) -> Result<EmbeddingsReply, Fault> {
    let answer: Answer<'_> = read_object(body)?;
    if let Some(error) = answer.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    let embeddings = answer.embeddings.ok_or_else(|| unreadable("the provider's answer has no embeddings"))?.get();
    let vectors = serde_json::from_str::<Vectors>(embeddings).map_err(not_vectors)?.float;
    let tokens = answer.meta.and_then(|meta| meta.billed_units?.input_tokens).map(|tokens| tokens as u64);
    let usage = tokens.map(|tokens| Usage { input_uncached: tokens, ..Usage::default() });
    Ok(EmbeddingsReply { vectors, usage })
}

impl Purpose {
    pub(super) fn of_cohere(word: &str) -> Self {
        match word {
            "search_document" => Self::Document,
            "search_query" => Self::Query,
            "classification" => Self::Classification,
            "clustering" => Self::Clustering,
            other => Self::Cohere(other.to_owned()),
        }
    }

    pub(super) fn to_cohere(&self) -> Option<&str> {
        match self {
            Self::Document => Some("search_document"),
            Self::Query => Some("search_query"),
            Self::Classification => Some("classification"),
            Self::Clustering => Some("clustering"),
            Self::Gemini(_) => None,
            Self::Cohere(word) => Some(word),
        }
    }
}
