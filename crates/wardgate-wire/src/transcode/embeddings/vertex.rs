//! Vertex AI's form, as providers speak it: a prediction for each text.

use super::{EmbeddingsReply, EmbeddingsRequest, not_vectors};
use crate::json::write::object;
use crate::neutral::loss::Warnings;
use crate::reply::{in_band, object as read_object};
use crate::transcode::decoder::unreadable;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::Fault;
use wardgate_core::usage::Usage;

/// The path names the model.
pub(super) fn encode_request(request: &EmbeddingsRequest, warnings: &mut Warnings) -> Vec<u8> {
    let purpose = request.purpose.as_ref().map(|(purpose, path)| (purpose.to_gemini(), path));
    if let Some((None, path)) = &purpose {
        warnings.add("unsupported_parameter", path.as_str());
    }
    object(|json| {
        json.put_list("instances", |json| {
            for input in &request.inputs {
                json.object(|json| {
                    json.put("content", input);
                    json.put_some("task_type", purpose.and_then(|(word, _)| word));
                });
            }
        });
        if let Some(dimensions) = request.dimensions {
            json.put_object("parameters", |json| json.put_number("outputDimensionality", dimensions));
        }
    })
}

#[derive(Deserialize)]
struct Answer<'b> {
    #[serde(borrow)]
    predictions: Option<&'b RawValue>,
    #[serde(borrow)]
    error: Option<&'b RawValue>,
}

#[derive(Deserialize)]
struct Prediction {
    embeddings: Vector,
}

#[derive(Deserialize)]
struct Vector {
    values: Vec<f32>,
    statistics: Option<Statistics>,
}

#[derive(Deserialize)]
struct Statistics {
    /// With a point in it at some models.
    token_count: Option<f64>,
}

pub(super) fn decode_reply(body: &[u8], credential: Option<&str>) -> Result<EmbeddingsReply, Fault> {
    let answer: Answer<'_> = read_object(body)?;
    if let Some(error) = answer.error.filter(|error| error.get() != "null") {
        return Err(in_band(error, credential));
    }
    let predictions = answer.predictions.ok_or_else(|| unreadable("the provider's answer has no predictions"))?.get();
    let predictions: Vec<Prediction> = serde_json::from_str(predictions).map_err(not_vectors)?;
    let tokens = |prediction: &Prediction| prediction.embeddings.statistics.as_ref().and_then(|it| it.token_count);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it saturates")]
    let usage = predictions
        .iter()
        .map(tokens)
        .sum::<Option<f64>>()
        .map(|tokens| Usage { input_uncached: tokens as u64, ..Usage::default() });
    let vectors = predictions.into_iter().map(|prediction| prediction.embeddings.values).collect();
    Ok(EmbeddingsReply { vectors, usage })
}
