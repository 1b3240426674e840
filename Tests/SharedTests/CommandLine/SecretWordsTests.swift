import Shared
import Testing

@Suite struct SecretWordsTests {
    @Test(arguments: [
        (["--hf_token", "abc"], ["--hf_token"]),
        (["--hf-token=abc"], ["--hf-token"]),
        (["--wandb.api_key", "abc"], ["--wandb.api_key"]),
        (["--password=abc", "--epochs", "5"], ["--password"]),
        (["--name", "hf_0123456789abcdefghij"], ["an argument"]),
        (["--name=AKIA0123456789ABCDEF"], ["--name"]),
        (["--max_tokens", "5", "--key_dim", "64", "--tokenizer", "bpe"], []),
        (["--use_token", "--epochs", "5"], []),
        (["--sort_key", "date"], []),
        (["token", "password"], []),
        ([], []),
    ])
    func `an argument that looks like a secret is named, not shown`(
        arguments: [String], names: [String]
    ) {
        #expect(SecretWords.found(arguments: arguments, variables: []) == names)
    }

    @Test func `a variable with its value is named, one without is right`() {
        #expect(
            SecretWords.found(
                arguments: [],
                variables: ["HF_TOKEN=abc", "HF_TOKEN", "EPOCHS=5", "X=sk-0123456789abcdefghij"])
                == ["--env HF_TOKEN", "--env X"])
    }
}
