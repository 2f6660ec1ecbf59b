//! s
pub(crate) mod decode_request {
    pub(crate) fn decode(_: &serde_json::value::RawValue) -> Result<crate::neutral::request::Request, crate::neutral::loss::Untranslatable> { unreachable!() }
}
pub(crate) mod encode_request {
    pub(crate) fn encode(_: &crate::neutral::request::Request, _: &crate::transcode::target::Target<'_>) -> Result<crate::transcode::Encoded, crate::neutral::loss::Untranslatable> { unreachable!() }
}
pub(crate) mod decode_reply {
    pub(crate) fn decode(_: &[u8], _: crate::neutral::opaque::Origin, _: Option<&str>) -> Result<crate::neutral::reply::Reply, wardgate_core::fault::Fault> { unreachable!() }
}
pub(crate) mod encode_reply {
    pub(crate) fn encode(_: &crate::neutral::reply::Reply, _: &crate::transcode::ReplyOptions) -> Vec<u8> { unreachable!() }
}
pub(crate) mod decode_stream {
    use crate::transcode::parts::Sink; use wardgate_core::fault::Fault;
    #[derive(Default)] pub(crate) struct Reader;
    impl Reader {
        pub(crate) fn new(_: crate::neutral::opaque::Origin) -> Self { Self }
        pub(crate) fn read(&mut self, _: &[u8], _: &[u8], _: Option<&str>, _: &mut Sink<'_>) -> Result<bool, Fault> { unreachable!() }
        
    }
}
pub(crate) mod encode_stream {
    pub(crate) struct Writer;
    impl Writer {
        pub(crate) fn new(_: crate::transcode::ReplyOptions) -> Self { Self }
        pub(crate) fn write(&mut self, _: &crate::neutral::event::Event<'_>, _: &mut Vec<u8>) {}
        pub(crate) fn fail(&mut self, _: &crate::error_body::ErrorBody<'_>, _: &mut Vec<u8>) {}
    }
}
