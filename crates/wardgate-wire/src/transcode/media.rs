//! What media are, by their first bytes and their names, and which of them a provider can be sent.

use crate::neutral::content::{Content, Part, Source};
use crate::neutral::loss::Untranslatable;
use crate::neutral::tool::ToolResult;
use std::borrow::Cow;

/// The pictures that Anthropic and Bedrock take.
const PICTURES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// What stands for a picture in the assistant's words, where there can be none.
pub(crate) const PICTURE: &str = "[image]";

/// Endings of names, and the media types that they stand for.
const ENDINGS: [(&str, &str); 28] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("gif", "image/gif"),
    ("webp", "image/webp"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("doc", "application/msword"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("xls", "application/vnd.ms-excel"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("webm", "video/webm"),
    ("mkv", "video/x-matroska"),
    ("mpeg", "video/mpeg"),
    ("wav", "audio/wav"),
    ("mp3", "audio/mpeg"),
    ("flac", "audio/flac"),
    ("ogg", "audio/ogg"),
    ("m4a", "audio/mp4"),
    ("aac", "audio/aac"),
    ("json", "application/json"),
];

/// The media type of an image by its first bytes, since a wrong one is refused; else as declared.
pub(crate) fn image_media<'m>(declared: &'m str, data: &str) -> &'m str {
    match data {
        _ if data.starts_with("iVBORw0KGgo") => "image/png",
        _ if data.starts_with("/9j/") => "image/jpeg",
        _ if data.starts_with("R0lGOD") => "image/gif",
        _ if data.starts_with("UklGR") => "image/webp",
        _ if declared == "image/jpg" => "image/jpeg",
        _ => declared,
    }
}

/// The media type of what is at a URL, by its ending.
pub(crate) fn media_of_url(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let ending = name.rsplit_once('.')?.1.to_ascii_lowercase();
    ENDINGS.into_iter().find(|(known, _)| *known == ending).map(|(_, media)| media)
}

/// The media type of a source: what is here by its bytes, what is elsewhere as declared or by its name.
pub(crate) fn media_of(source: &Source) -> Option<&str> {
    match source {
        Source::Base64 { media, data } if data.starts_with("JVBERi0") => Some("application/pdf").filter(|_| !media.is_empty()),
        Source::Base64 { media, .. } => Some(media),
        Source::Url { url, media } => media.as_deref().or_else(|| media_of_url(url)),
        Source::FileId { id, .. } => media_of_url(id),
        Source::Text(_) => Some("text/plain"),
    }
}

/// As a URL, with the media type that the bytes say. Empty for what has no address.
pub(crate) fn to_url(source: &Source) -> String {
    match source {
        Source::Base64 { media, data } => {
            let media = media_of(source).unwrap_or(media);
            format!("data:{};base64,{data}", image_media(media, data))
        }
        source => source.to_url().unwrap_or_default(),
    }
}

/// The text of base64, if it is text.
pub(crate) fn decode_text(data: &str) -> Option<String> {
    use base64ct::{Base64, Encoding};
    String::from_utf8(Base64::decode_vec(data).ok()?).ok()
}

/// What a document says, if it is here and is text.
pub(crate) fn document_text(source: &Source) -> Option<Cow<'_, str>> {
    match source {
        Source::Text(text) => Some(text.into()),
        Source::Base64 { data, .. } if media_of(source) != Some("application/pdf") => decode_text(data).map(Cow::Owned),
        _ => None,
    }
}

/// A document that is text, with its name over it, for where there are no documents.
pub(crate) fn told_document(name: Option<&str>, text: &str) -> String {
    format!("{}:\n{text}", name.unwrap_or("document"))
}

/// A passage that a search found, for where there are none.
pub(crate) fn told_passage(source: &str, title: &str, text: &str) -> String {
    format!("{title}\n{source}\n{text}")
}

/// A part of a tool's result as text, where it can be one.
pub(crate) fn told(part: &Part) -> Option<Cow<'_, str>> {
    match &part.content {
        Content::Text { text, .. } | Content::Refusal(text) => Some(text.into()),
        Content::SearchResult { source, title, text } => Some(told_passage(source, title, text).into()),
        Content::File { source, name, .. } => document_text(source).map(|text| told_document(name.as_deref(), &text).into()),
        _ => None,
    }
}

/// The parts of a result that only stand for themselves: pictures, documents that are no text.
pub(crate) fn untold(result: &ToolResult) -> impl Iterator<Item = &Part> {
    result.parts.iter().filter(|part| told(part).is_none())
}

/// Refuses a picture of a kind that neither Anthropic nor Bedrock takes.
pub(crate) fn check_picture(source: &Source, path: &str) -> Result<(), Untranslatable> {
    let Source::Base64 { media, data } = source else { return Ok(()) };
    let media = image_media(media, data);
    if PICTURES.contains(&media) {
        return Ok(());
    }
    let why = format!("images of the type {media:?} cannot be sent to this provider: it takes png, jpeg, gif and webp");
    Err(Untranslatable::new("unsupported_modality", path, why))
}

/// Refuses what a provider of the web cannot reach: a bucket of somebody's cloud, a local file.
pub(crate) fn check_web(source: &Source, path: &str) -> Result<(), Untranslatable> {
    match source {
        Source::Url { url, .. } if !url.starts_with("https://") && !url.starts_with("http://") => {
            Err(url_not_supported(path, "this URL is none of the web: send the bytes, or an https URL"))
        }
        _ => Ok(()),
    }
}

/// An address where bytes are needed.
pub(crate) fn url_not_supported(path: &str, why: &str) -> Untranslatable {
    Untranslatable::new("url_not_supported_by_provider", path, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_is_there() {
        assert_eq!(media_of_url("gs://bucket/a.b/Cat.JPG"), Some("image/jpeg"));
        assert_eq!(media_of_url("https://h/x.pdf?sig=a.png"), Some("application/pdf"));
        assert_eq!(media_of_url("https://h.png/x"), None);
        assert_eq!(media_of_url("s3://bucket/plain"), None);
    }

    #[test]
    fn bytes_tell_what_is_here() {
        assert_eq!(image_media("image/jpeg", "iVBORw0KGgoAAA"), "image/png");
        assert_eq!(image_media("image/jpg", "AAAA"), "image/jpeg");
        let source = |media: &str, data: &str| Source::Base64 { media: media.to_owned(), data: data.to_owned() };
        assert_eq!(media_of(&source("application/octet-stream", "JVBERi0xLjQ=")), Some("application/pdf"));
        assert_eq!(document_text(&source("text/csv", "YSxi")).as_deref(), Some("a,b"));
        assert_eq!(document_text(&source("application/pdf", "JVBERi0xLjQ=")), None);
    }
}
