//! s
pub(crate) fn decode(_: &serde_json::value::RawValue) -> Result<crate::neutral::request::Request, crate::neutral::loss::Untranslatable> { unreachable!() }
pub(crate) fn encode(_: &crate::neutral::reply::Reply, _: &crate::transcode::ReplyOptions) -> Vec<u8> { unreachable!() }
pub(crate) struct Writer;
    impl Writer {
        pub(crate) fn new(_: crate::transcode::ReplyOptions) -> Self { Self }
        pub(crate) fn write(&mut self, _: &crate::neutral::event::Event<'_>, _: &mut Vec<u8>) {}
    }
