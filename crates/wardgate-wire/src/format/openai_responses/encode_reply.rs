//! Writing a whole Responses answer: what the terminal event of its stream would hold.

use super::encode_stream::Writer;
use crate::neutral::reply::Reply;
use crate::transcode::transcoder::ReplyOptions;

pub(crate) fn encode(reply: &Reply, options: &ReplyOptions) -> Vec<u8> {
    let mut writer = Writer::new(options.clone());
    let mut events = Vec::new();
    reply.replay(&mut |event| {
        events.clear();
        writer.write(&event, &mut events);
    });
    writer.into_response(&reply.stop)
}
