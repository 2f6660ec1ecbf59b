//! Text, media and documents of a Converse request.

use crate::json::Json;
use crate::neutral::content::{Content, Part, Source};
use crate::transcode::media;
use std::cell::Cell;

/// Text, a picture or a document. Blank text is refused by the service, so it is none.
pub(super) fn write_block(json: &mut Json<'_>, part: &Part, documents: &Cell<usize>) {
    match &part.content {
        Content::Text { text, .. } | Content::Refusal(text) if text.trim().is_empty() => {}
        Content::Text { text, .. } | Content::Refusal(text) => json.object(|json| json.put("text", text)),
        Content::SearchResult { source, title, text } => {
            json.object(|json| json.put("text", &media::told_passage(source, title, text)));
        }
        Content::Image { source, .. } => json.object(|json| {
            json.put_object("image", |json| {
                let media = match source {
                    Source::Base64 { media, data } => media::image_media(media, data),
                    source => media::media_of(source).unwrap_or_default(),
                };
                json.put("format", media.strip_prefix("image/").unwrap_or("png"));
                write_source(json, source);
            });
        }),
        Content::Video(source) => json.object(|json| {
            json.put_object("video", |json| {
                json.put("format", video_format(media::media_of(source).unwrap_or_default()));
                write_source(json, source);
            });
        }),
        Content::Audio(source) => json.object(|json| {
            json.put_object("audio", |json| {
                json.put("format", audio_format(media::media_of(source).unwrap_or_default()));
                write_source(json, source);
            });
        }),
        Content::File { source, name, context, is_citable } => json.object(|json| {
            json.put_object("document", |json| {
                documents.set(documents.get() + 1);
                json.put("format", document_format(source));
                json.put("name", &document_name(name.as_deref(), documents.get()));
                write_source(json, source);
                json.put_some("context", context.as_deref());
                if *is_citable {
                    json.put_object("citations", |json| json.put_flag("enabled", true));
                }
            });
        }),
        Content::Call(_) | Content::Result(_) | Content::Served(_) | Content::Reasoning(_) | Content::Foreign { .. } => {}
    }
}

fn write_source(json: &mut Json<'_>, source: &Source) {
    json.put_object("source", |json| match source {
        Source::Base64 { data, .. } => json.put("bytes", data),
        Source::Text(text) => json.put("text", text),
        Source::Url { url, .. } => json.put_object("s3Location", |json| json.put("uri", url)),
        Source::FileId { id, .. } => json.put("bytes", id),
    });
}

fn document_format(source: &Source) -> &'static str {
    match media::media_of(source).unwrap_or_default() {
        "application/pdf" => "pdf",
        "text/csv" => "csv",
        "text/html" => "html",
        "text/markdown" => "md",
        "application/msword" => "doc",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => "docx",
        "application/vnd.ms-excel" => "xls",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => "xlsx",
        _ if media::document_text(source).is_some() => "txt",
        _ => "pdf",
    }
}

fn video_format(media: &str) -> &str {
    match media.strip_prefix("video/").unwrap_or("mp4") {
        "quicktime" => "mov",
        "x-matroska" => "mkv",
        "x-ms-wmv" => "wmv",
        "x-flv" => "flv",
        "3gpp" => "three_gp",
        form => form,
    }
}

fn audio_format(media: &str) -> &str {
    match media.strip_prefix("audio/").unwrap_or("wav") {
        "x-wav" | "wave" => "wav",
        "mpeg" => "mp3",
        form => form,
    }
}

/// A document's name: of the few characters that are taken, and unlike those of other documents.
fn document_name(name: Option<&str>, number: usize) -> String {
    let stem = name.unwrap_or("document").split('.').next().unwrap_or("document");
    let is_taken =
        |character: char| character.is_ascii_alphanumeric() || matches!(character, ' ' | '(' | ')' | '[' | ']' | '-');
    let plain: String = stem.chars().map(|character| if is_taken(character) { character } else { '-' }).take(100).collect();
    format!("{plain} ({number})")
}
