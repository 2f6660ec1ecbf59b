//! Serves the sandbox on its own: `cargo run -p wardgate-sandbox --example serve -- 127.0.0.1:9090`.

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the address is what this program has to tell")]
async fn main() -> std::io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:0".to_owned());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/v1", listener.local_addr()?);
    wardgate_sandbox::serve(listener, CancellationToken::new()).await;
    Ok(())
}
