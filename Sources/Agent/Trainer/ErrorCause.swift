extension PythonError.Found {
    /// Whether the GPU or its memory has failed, by the words of CUDA and PyTorch.
    ///
    /// CUDA's own texts (cudaGetErrorString) are "uncorrectable ECC error encountered", "uncorrectable
    /// NVLink error detected during the execution" and "GPU is lost" (NVML); Vulkan and WebGPU programs
    /// say "device lost".
    var isOfHardware: Bool {
        let text = exception.lowercased()
        if text.contains("cuda error"), text.contains("ecc") { return true }
        return ["uncorrectable ecc", "uncorrectable nvlink", "gpu is lost", "device lost"]
            .contains { text.contains($0) }
    }

    /// Whether a network was away, by the class of the exception: it may be there again.
    ///
    /// The names are those of Python (`ConnectionError`, `TimeoutError`, `URLError`, `SSLError`) and of
    /// requests, httpx, botocore and aiohttp, which all hold one of these words.
    var isOfNetwork: Bool {
        let name = exception.prefix { $0 != ":" }.lowercased()
        return ["connect", "timeout", "timedout", "urlerror", "httperror", "sslerror", "gaierror"]
            .contains { name.contains($0) }
    }
}
