//! Ranking: the requests of Jina's, Cohere's and Voyage's clients in each other's form, and the answers back.
//!
//! All that the forms have in common is a query, texts and how many of them are wanted, so the neutral form is just that. Whether
//! an answer repeats the texts is no matter of the provider's: they are in the request. OpenRouter's form is Jina's.

use super::target::Target;
use crate::depth;
use crate::format::opaque;
use crate::json::read::{is_text, text};
use crate::json::write::object;
use crate::json::{Json, Object, Path, list};
use crate::neutral::loss::{Untranslatable, Warnings};
use crate::peek::GATEWAY_ONLY;
use crate::reply::object as read_object;
use crate::transcode::decoder::unreadable;
use serde::Deserialize;
use serde_json::value::RawValue;
use wardgate_core::fault::{Fault, FaultClass};
use wardgate_core::format::Format;
use wardgate_core::usage::Usage;

/// The most texts of one request.
pub const DOCUMENTS_MAX: usize = 10_000;

/// What only Voyage's clients write. They send both with each request, set or not.
const OF_VOYAGE: [&str; 2] = ["top_k", "truncation"];

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RankRequest {
    /// What they are ranked by.
    pub query: String,
    /// The texts.
    pub documents: Vec<String>,
    /// How many of them are wanted; none: all.
    pub top: Option<u64>,
    /// Whether the answer is to repeat them.
    pub returns_documents: bool,
    /// Whether texts that are too long may be cut, where the client said it.
    pub may_cut: Option<bool>,
    /// How many tokens of each text are looked at (Cohere).
    pub tokens_per_document: Option<u64>,
    /// What the reading of the body already lost.
    pub warnings: Warnings,
}

/// Texts in the order of their relevance, and what that took.
#[derive(Debug, Clone, PartialEq)]
pub struct RankReply {
    /// The answer's id.
    pub id: Option<String>,
    /// The place of each text in the request, and how relevant it is, as the provider wrote it.
    pub ranks: Vec<(usize, String)>,
    /// What was used, if that was said.
    pub usage: Option<Usage>,
}

/// Whether a body on the path that two forms have in common is in Voyage's.
#[must_use]
pub fn is_voyages(body: &[u8]) -> bool {
    let Ok(body) = serde_json::from_slice::<&RawValue>(body) else { return false };
    let Ok(members) = Object::read(body, &Path::Root) else { return false };
    members.members().any(|(name, _)| OF_VOYAGE.contains(&name)) && members.members().all(|(name, _)| name != "top_n")
}

/// Reads a client's request.
///
/// # Errors
/// When it is not what the format says, holds something else than texts, or more than [`DOCUMENTS_MAX`] of them.
pub fn decode_request(format: Format, body: &[u8]) -> Result<RankRequest, Untranslatable> {
    let path = Path::Root;
    if depth::is_too_deep(body) {
        return Err(path.wrong(format!("the body nests deeper than {} levels", depth::DEPTH_MAX)));
    }
    let value: &RawValue = serde_json::from_slice(body)
        .map_err(|error| path.wrong(format!("not valid JSON at line {} column {}", error.line(), error.column())))?;
    let mut members = Object::read(value, &path)?;
    let query_path = path.key("query");
    let query = plain(members.take("query").ok_or_else(|| query_path.wrong("is missing"))?, &query_path)?;
    let documents_path = path.key("documents");
    let documents = list(members.take("documents").ok_or_else(|| documents_path.wrong("is missing"))?, &documents_path)?;
    if documents.is_empty() || documents.len() > DOCUMENTS_MAX {
        return Err(documents_path.wrong(format!("must hold at least one text and at most {DOCUMENTS_MAX}")));
    }
    let documents = documents.into_iter().enumerate().map(|(index, value)| plain(value, &documents_path.at(index)));
    let documents = documents.collect::<Result<_, _>>()?;
    let top = members.count(if format == Format::VoyageRerank { "top_k" } else { "top_n" }, &path)?;
    // Jina and OpenRouter repeat the texts unless told otherwise, Voyage when told so, and Cohere never.
    let repeats = format == Format::JinaRerank;
    let returns_documents = members.flag("return_documents", &path)?.unwrap_or(repeats);
    let may_cut = members.flag("truncation", &path)?;
    let tokens_per_document = members.count("max_tokens_per_doc", &path)?;
    members.take("model");
    // Which of several requests goes first at Cohere changes no answer.
    members.take("priority");
    for key in GATEWAY_ONLY {
        members.take(key);
    }
    let mut warnings = Warnings::default();
    members.warn_rest(&path, &mut warnings);
    Ok(RankRequest { query, documents, top, returns_documents, may_cut, tokens_per_document, warnings })
}

/// A text, which may stand in an object of its own.
fn plain(value: &RawValue, path: &Path<'_>) -> Result<String, Untranslatable> {
    if is_text(value) {
        return text(value, path);
    }
    let mut members = Object::read(value, path).map_err(|_| path.wrong("must be a text, or an object with one"))?;
    members.text("text", path)?.ok_or_else(|| path.refuse("unsupported_modality", "this provider ranks texts only"))
}

/// Writes a request for a provider. What is lost beside what the reading lost is returned with it.
///
/// # Errors
/// When the target is strict and anything would be lost.
pub fn encode_request(
    format: Format,
    request: &RankRequest,
    target: &Target<'_>,
) -> Result<(Vec<u8>, Warnings), Untranslatable> {
    let mut warnings = request.warnings.clone();
    let (is_voyages, is_coheres) =
        (format == Format::VoyageRerank, matches!(format, Format::CohereRerank | Format::BedrockRerank));
    if request.may_cut == Some(false) && !is_voyages {
        warnings.add("unsupported_parameter", "truncation");
    }
    if request.tokens_per_document.is_some() && !is_coheres {
        warnings.add("unsupported_parameter", "max_tokens_per_doc");
    }
    if let Some(lost) = warnings.as_slice().first().filter(|_| target.is_strict) {
        let why = "the provider cannot be told this, and the request asks to lose nothing";
        return Err(Untranslatable::new(lost.code, lost.path.clone(), why));
    }
    let body = object(|json| {
        if format == Format::BedrockRerank {
            // The path names the model, and the body Cohere's version.
            json.put_number("api_version", 2);
        } else {
            json.put("model", target.model);
        }
        json.put("query", &request.query);
        json.put_texts("documents", request.documents.iter().map(String::as_str));
        if let Some(top) = request.top {
            json.put_number(if is_voyages { "top_k" } else { "top_n" }, top);
        }
        if let Some(may_cut) = request.may_cut.filter(|_| is_voyages) {
            json.put_flag("truncation", may_cut);
        }
        if let Some(tokens) = request.tokens_per_document.filter(|_| is_coheres) {
            json.put_number("max_tokens_per_doc", tokens);
        }
        if format == Format::JinaRerank {
            json.put_flag("return_documents", false);
        }
    });
    Ok((body, warnings))
}

#[derive(Deserialize)]
struct Answer<'b> {
    id: Option<String>,
    /// Jina and Cohere.
    #[serde(borrow)]
    results: Option<Vec<Rank<'b>>>,
    /// Voyage.
    #[serde(borrow)]
    data: Option<Vec<Rank<'b>>>,
}

#[derive(Deserialize)]
struct Rank<'b> {
    index: usize,
    #[serde(borrow)]
    relevance_score: &'b RawValue,
}

/// Reads a provider's answer to a request with so many texts.
///
/// # Errors
/// When it is no such answer, an error in its place, or ranks something that was not there.
pub fn decode_reply(body: &[u8], documents: usize, credential: Option<&str>) -> Result<RankReply, Fault> {
    if depth::is_too_deep(body) {
        return Err(Fault::new(FaultClass::Unreadable, "the provider's answer nests too deep"));
    }
    let usage = opaque::ranks(body, credential)?.usage;
    let answer: Answer<'_> = read_object(body)?;
    let ranks = answer.results.or(answer.data).ok_or_else(|| unreadable("the provider's answer has no ranks"))?;
    let ranks = ranks.into_iter().map(|rank| {
        let score = rank.relevance_score.get();
        let is_number = score.parse::<f64>().is_ok_and(f64::is_finite);
        if rank.index >= documents || !is_number {
            return Err(unreadable("the provider's answer ranks what was not in the request, or by no number"));
        }
        Ok((rank.index, score.to_owned()))
    });
    Ok(RankReply { id: answer.id, ranks: ranks.collect::<Result<_, _>>()?, usage })
}

/// Writes an answer for a client.
#[must_use]
pub fn encode_reply(format: Format, reply: &RankReply, request: &RankRequest, model: &str) -> Vec<u8> {
    let usage = reply.usage.unwrap_or_default();
    let searches = u64::from(usage.units.queries);
    let ranks = |json: &mut Json<'_>| {
        for (index, score) in &reply.ranks {
            json.object(|json| {
                json.put_number("index", *index as u64);
                json.put_raw("relevance_score", score);
                let document = request.documents.get(*index).filter(|_| request.returns_documents);
                match document {
                    Some(document) if format == Format::VoyageRerank => json.put("document", document),
                    Some(document) => json.put_object("document", |json| json.put("text", document)),
                    None => {}
                }
            });
        }
    };
    object(|json| match format {
        Format::CohereRerank => {
            json.put_some("id", reply.id.as_deref());
            json.put_list("results", ranks);
            json.put_object("meta", |json| {
                json.put_object("api_version", |json| json.put("version", "2"));
                json.put_object("billed_units", |json| {
                    if searches > 0 {
                        json.put_number("search_units", searches);
                    }
                });
                if usage.input() > 0 {
                    json.put_object("tokens", |json| json.put_number("input_tokens", usage.input()));
                }
            });
        }
        _ => {
            let is_voyages = format == Format::VoyageRerank;
            json.put_some("id", reply.id.as_deref());
            json.put("object", "list");
            json.put("model", model);
            json.put_list(if is_voyages { "data" } else { "results" }, ranks);
            json.put_object("usage", |json| {
                json.put_number("total_tokens", usage.input());
                if searches > 0 {
                    json.put_number("search_units", searches);
                }
            });
        }
    })
}

#[cfg(test)]
mod tests;
