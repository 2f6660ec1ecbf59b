//! The data files that are built into the binary. A new provider is a file in `data/providers` and a line here.

/// The descriptors of the built-in providers, as YAML.
pub(crate) const PROVIDERS: &[&str] = &[
    include_str!("../data/providers/alibaba.yaml"),
    include_str!("../data/providers/anthropic.yaml"),
    include_str!("../data/providers/cerebras.yaml"),
    include_str!("../data/providers/cohere.yaml"),
    include_str!("../data/providers/deepinfra.yaml"),
    include_str!("../data/providers/deepseek.yaml"),
    include_str!("../data/providers/fireworks.yaml"),
    include_str!("../data/providers/google.yaml"),
    include_str!("../data/providers/groq.yaml"),
    include_str!("../data/providers/huggingface.yaml"),
    include_str!("../data/providers/hyperbolic.yaml"),
    include_str!("../data/providers/inceptionlabs.yaml"),
    include_str!("../data/providers/inference-net.yaml"),
    include_str!("../data/providers/minimax.yaml"),
    include_str!("../data/providers/mistral.yaml"),
    include_str!("../data/providers/moonshotai.yaml"),
    include_str!("../data/providers/novita.yaml"),
    include_str!("../data/providers/nvidia.yaml"),
    include_str!("../data/providers/openai.yaml"),
    include_str!("../data/providers/openrouter.yaml"),
    include_str!("../data/providers/perplexity.yaml"),
    include_str!("../data/providers/sambanova.yaml"),
    include_str!("../data/providers/together.yaml"),
    include_str!("../data/providers/xai.yaml"),
    include_str!("../data/providers/z-ai.yaml"),
    include_str!("../data/providers/azure.yaml"),
    include_str!("../data/providers/bedrock.yaml"),
    include_str!("../data/providers/vertex.yaml"),
];

/// What some models demand, as JSON: by provider, then by id.
pub(crate) const CONSTRAINTS: &str = include_str!("../data/constraints.json");

/// The models of the built-in providers, as JSON. Of several hosts of a model, those come first that are listed first, so the
/// clouds, whose credentials take more than a key, come last.
pub(crate) const MODELS: &[&str] = &[
    include_str!("../data/models/alibaba.json"),
    include_str!("../data/models/anthropic.json"),
    include_str!("../data/models/cerebras.json"),
    include_str!("../data/models/cohere.json"),
    include_str!("../data/models/deepinfra.json"),
    include_str!("../data/models/deepseek.json"),
    include_str!("../data/models/fireworks.json"),
    include_str!("../data/models/google.json"),
    include_str!("../data/models/groq.json"),
    include_str!("../data/models/huggingface.json"),
    include_str!("../data/models/hyperbolic.json"),
    include_str!("../data/models/inceptionlabs.json"),
    include_str!("../data/models/inference-net.json"),
    include_str!("../data/models/minimax.json"),
    include_str!("../data/models/mistral.json"),
    include_str!("../data/models/moonshotai.json"),
    include_str!("../data/models/novita.json"),
    include_str!("../data/models/nvidia.json"),
    include_str!("../data/models/openai.json"),
    include_str!("../data/models/openrouter.json"),
    include_str!("../data/models/perplexity.json"),
    include_str!("../data/models/sambanova.json"),
    include_str!("../data/models/together.json"),
    include_str!("../data/models/xai.json"),
    include_str!("../data/models/z-ai.json"),
    include_str!("../data/models/azure.json"),
    include_str!("../data/models/bedrock.json"),
    include_str!("../data/models/vertex.json"),
];
