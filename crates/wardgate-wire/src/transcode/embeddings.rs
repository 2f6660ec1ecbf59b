//! Embeddings: the requests of OpenAI's and Gemini's clients in each other's form and in Cohere's, and the answers back.
//!
//! All that the forms have in common is texts, the vectors' length and what they are for, so the neutral form is just that.
//! What one of them says of each text apart (Gemini) can be translated where it says the same of all.

mod cohere;
mod vertex;
mod bedrock;
mod gemini;
mod openai;

use super::target::Target;
use crate::depth;
use crate::json::Path;
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::transcode::decoder::unreadable;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::Format;
use wardgate_core::usage::Usage;

/// The most inputs of one request.
pub const INPUTS_MAX: usize = 2_048;

/// A form in which embeddings are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbeddingsForm {
    /// OpenAI's `/v1/embeddings`.
    OpenAi,
    /// Gemini's `batchEmbedContents`.
    Gemini,
    /// Gemini's `embedContent`, of one text. Only clients use it here.
    GeminiOne,
    /// Cohere's `/v2/embed`. Only providers use it here.
    Cohere,
    /// Vertex AI's `predict`. Only providers use it here.
    Vertex,
    /// Bedrock's `invoke`. Only providers use it here.
    Bedrock,
}

impl EmbeddingsForm {
    /// The form that a format is.
    #[must_use]
    pub const fn of(format: Format) -> Option<Self> {
        match format {
            Format::OpenAiEmbeddings => Some(Self::OpenAi),
            Format::GeminiBatchEmbedding => Some(Self::Gemini),
            Format::GeminiEmbedding => Some(Self::GeminiOne),
            Format::CohereEmbedding => Some(Self::Cohere),
            Format::VertexEmbedding => Some(Self::Vertex),
            Format::BedrockEmbedding => Some(Self::Bedrock),
            _ => None,
        }
    }
}

/// What a client asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddingsRequest {
    /// The texts.
    pub inputs: Vec<String>,
    /// How long the vectors shall be.
    pub dimensions: Option<u64>,
    /// Whether vectors shall come as base64.
    pub is_base64: bool,
    /// What the vectors are for, and where the client said so.
    pub purpose: Option<(Purpose, String)>,
    /// What the reading of the body already lost.
    pub warnings: Warnings,
}

/// What vectors are for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// To be found.
    Document,
    /// To find by.
    Query,
    /// To be told apart.
    Classification,
    /// To be grouped.
    Clustering,
    /// Something that Gemini alone has a word for: this one.
    Gemini(String),
    /// Something that Cohere alone has a word for: this one.
    Cohere(String),
}

/// Vectors, and what they cost.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EmbeddingsReply {
    /// One vector an input, in order.
    pub vectors: Vec<Vec<f32>>,
    /// What was used, if that was said. Gemini's older models do not say it.
    pub usage: Option<Usage>,
}

/// Reads a client's request.
///
/// # Errors
/// When it is not what the format says, when inputs are something else than text, which no other provider reads in the same
/// way, or when there are more than [`INPUTS_MAX`].
pub fn decode_request(form: EmbeddingsForm, body: &[u8]) -> Result<EmbeddingsRequest, Untranslatable> {
    let path = Path::Root;
    if depth::is_too_deep(body) {
        return Err(path.wrong(format!("the body nests deeper than {} levels", depth::DEPTH_MAX)));
    }
    let value: &RawValue = serde_json::from_slice(body)
        .map_err(|error| path.wrong(format!("not valid JSON at line {} column {}", error.line(), error.column())))?;
    match form {
        EmbeddingsForm::OpenAi => openai::decode_request(value, &path),
        EmbeddingsForm::Gemini => gemini::decode_request(value, &path),
        EmbeddingsForm::GeminiOne => gemini::decode_one(value, &path),
        EmbeddingsForm::Cohere | EmbeddingsForm::Vertex | EmbeddingsForm::Bedrock => {
            Err(path.refuse("unsupported_format", "requests in this form are not translated"))
        }
    }
}

/// Writes a request for a provider. What is lost beside what the reading lost is returned with it.
///
/// # Errors
/// When the target is strict and anything would be lost, or when the model takes one text and there are several.
pub fn encode_request(
    form: EmbeddingsForm,
    request: &EmbeddingsRequest,
    target: &Target<'_>,
) -> Result<(Vec<u8>, Warnings), Untranslatable> {
    let mut warnings = request.warnings.clone();
    let body = match form {
        EmbeddingsForm::OpenAi => openai::encode_request(request, target, &mut warnings),
        EmbeddingsForm::Gemini | EmbeddingsForm::GeminiOne => gemini::encode_request(request, target, &mut warnings),
        EmbeddingsForm::Cohere => cohere::encode_request(request, target, &mut warnings),
        EmbeddingsForm::Vertex => vertex::encode_request(request, &mut warnings),
        EmbeddingsForm::Bedrock => bedrock::encode_request(request, target, &mut warnings)?,
    };
    match warnings.as_slice().first().filter(|_| target.is_strict) {
        Some(lost) => {
            let why = "the provider cannot be told this, and the request asks to lose nothing";
            Err(Untranslatable::new(lost.code, lost.path.clone(), why))
        }
        None => Ok((body, warnings)),
    }
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
    if depth::is_too_deep(body) {
        return Err(Fault::new(FaultClass::Unreadable, "the provider's answer nests too deep"));
    }
    let reply = match form {
        EmbeddingsForm::OpenAi => openai::decode_reply(body, credential),
        EmbeddingsForm::Gemini | EmbeddingsForm::GeminiOne => gemini::decode_reply(body, credential),
        EmbeddingsForm::Cohere => cohere::decode_reply(body, credential),
        EmbeddingsForm::Vertex => vertex::decode_reply(body, credential),
        EmbeddingsForm::Bedrock => bedrock::decode_reply(body, credential),
    }?;
    if reply.vectors.len() != inputs {
        return Err(unreadable(format!("the provider answered {} vectors for {inputs} inputs", reply.vectors.len())));
    }
    // No client could read them: JSON has no word for what is no number or too large for one.
    if reply.vectors.iter().flatten().any(|value| !value.is_finite()) {
        return Err(unreadable("the provider's answer holds a vector with something else than numbers"));
    }
    Ok(reply)
}

/// Writes an answer for a client.
#[must_use]
pub fn encode_reply(form: EmbeddingsForm, reply: &EmbeddingsReply, request: &EmbeddingsRequest, model: &str) -> Vec<u8> {
    match form {
        EmbeddingsForm::OpenAi => openai::encode_reply(reply, request, model),
        EmbeddingsForm::Gemini => gemini::encode_reply(reply),
        EmbeddingsForm::GeminiOne => gemini::encode_one(reply),
        // Nobody is served this.
        EmbeddingsForm::Cohere | EmbeddingsForm::Vertex | EmbeddingsForm::Bedrock => Vec::new(),
    }
}

fn not_vectors<E>(_: E) -> Fault {
    unreadable("the provider's answer holds something else than vectors")
}

#[cfg(test)]
mod tests;
