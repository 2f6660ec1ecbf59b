//! Writing a whole Responses answer: what the terminal event of its stream would hold.

use super::encode_stream::Writer;
use crate::neutral::event::Event;
use crate::neutral::reply::Reply;
use crate::transcode::options::ReplyOptions;

pub(crate) fn encode(reply: &Reply, options: &ReplyOptions) -> Vec<u8> {
    let mut writer = Writer::new(options.clone());
    let mut events = Vec::new();
    let mut number = 0;
    reply.replay(&mut |event| {
        if let Event::Answer(next) = event {
            number = next;
        }
        // There is one answer here.
        if number == 0 || !event.is_of_one() {
            events.clear();
            writer.write(&event, &mut events);
        }
    });
    writer.into_response(&reply.stop)
}
