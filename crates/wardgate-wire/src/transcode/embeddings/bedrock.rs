//! What Amazon Bedrock's models are invoked with: each maker's own form, which is told by the model's name.
//!
//! Amazon's models take one text a call, and one call is what an attempt is: more texts are refused, with the bound. The path
//! names the model.

use super::{EmbeddingsReply, EmbeddingsRequest, Purpose, not_vectors};
use crate::json::write::object;
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::reply::{in_band, object as read_object};
use crate::transcode::decoder::unreadable;
use crate::transcode::target::Target;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;
use wardgate_core::usage::Usage;

/// Whose form a model is invoked in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Maker {
    Titan,
    Nova,
    Cohere,
}

/// Names may have a region before and a version behind.
fn maker(model: &str) -> Option<Maker> {
    let makers = [("amazon.titan", Maker::Titan), ("cohere.", Maker::Cohere), ("amazon.nova", Maker::Nova)];
    makers.into_iter().find(|(part, _)| model.contains("embed") && model.contains(part)).map(|(_, maker)| maker)
}

pub(super) fn encode_request(
    request: &EmbeddingsRequest,
    target: &Target<'_>,
    warnings: &mut Warnings,
) -> Result<Vec<u8>, Untranslatable> {
    let Some(maker) = maker(target.model) else {
        let why = "this gateway knows no form of embeddings for this model of Bedrock's: it knows Titan's, Nova's and Cohere's";
        return Err(Untranslatable::new("unsupported_model", "model", why));
    };
    if maker == Maker::Cohere {
        return Ok(cohere(request, warnings));
    }
    let [input] = request.inputs.as_slice() else {
        let why =
            format!("this model takes 1 text a request and there are {}: send one request for each", request.inputs.len());
        return Err(Untranslatable::new("too_many_inputs", "input", why));
    };
    if maker == Maker::Titan {
        if let Some((_, path)) = &request.purpose {
            warnings.add("unsupported_parameter", path.as_str());
        }
        return Ok(object(|json| {
            json.put("inputText", input);
            if let Some(dimensions) = request.dimensions {
                json.put_number("dimensions", dimensions);
            }
        }));
    }
    let purpose = match request.purpose.as_ref() {
        None | Some((Purpose::Document, _)) => "GENERIC_INDEX",
        Some((Purpose::Query, _)) => "GENERIC_RETRIEVAL",
        Some((Purpose::Classification, _)) => "CLASSIFICATION",
        Some((Purpose::Clustering, _)) => "CLUSTERING",
        Some((Purpose::Gemini(_) | Purpose::Cohere(_), path)) => {
            warnings.add("unsupported_parameter", path.as_str());
            "GENERIC_INDEX"
        }
    };
    Ok(object(|json| {
        json.put("schemaVersion", "nova-multimodal-embed-v1");
        json.put("taskType", "SINGLE_EMBEDDING");
        json.put_object("singleEmbeddingParams", |json| {
            json.put("embeddingPurpose", purpose);
            if let Some(dimensions) = request.dimensions {
                json.put_number("embeddingDimension", dimensions);
            }
            json.put_object("text", |json| {
                json.put("truncationMode", "NONE");
                json.put("value", input);
            });
        });
    }))
}

fn cohere(request: &EmbeddingsRequest, warnings: &mut Warnings) -> Vec<u8> {
    let purpose = request.purpose.as_ref().map(|(purpose, path)| (purpose.to_cohere(), path));
    if let Some((None, path)) = &purpose {
        warnings.add("unsupported_parameter", path.as_str());
    }
    object(|json| {
        json.put_texts("texts", request.inputs.iter().map(String::as_str));
        json.put("input_type", purpose.and_then(|(word, _)| word).unwrap_or("search_document"));
        json.put_texts("embedding_types", ["float"]);
        if let Some(dimensions) = request.dimensions {
            json.put_number("output_dimension", dimensions);
        }
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer<'b> {
    /// Titan's vector.
    embedding: Option<Vec<f32>>,
    input_text_token_count: Option<u64>,
    /// Cohere's, by type, and Nova's, each in an object.
    #[serde(borrow)]
    embeddings: Option<&'b RawValue>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Vectors {
    ByType { float: Vec<Vec<f32>> },
    Plain(Vec<Vec<f32>>),
    Named(Vec<Named>),
}

#[derive(Deserialize)]
struct Named {
    embedding: Vec<f32>,
}

pub(super) fn decode_reply(body: &[u8], credential: Option<&str>) -> Result<EmbeddingsReply, Fault> {
    let answer: Answer<'_> = read_object(body)?;
    if let Some(error) = answer.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    // Others tell their tokens in a header, if at all.
    let usage = answer.input_text_token_count.map(|tokens| Usage { input_uncached: tokens, ..Usage::default() });
    if let Some(vector) = answer.embedding {
        return Ok(EmbeddingsReply { vectors: vec![vector], usage });
    }
    let embeddings = answer.embeddings.ok_or_else(|| unreadable("the provider's answer has no embeddings"))?.get();
    let vectors = match serde_json::from_str(embeddings).map_err(not_vectors)? {
        Vectors::ByType { float } | Vectors::Plain(float) => float,
        Vectors::Named(named) => named.into_iter().map(|named| named.embedding).collect(),
    };
    Ok(EmbeddingsReply { vectors, usage })
}
