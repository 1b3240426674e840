import Shared
import TestSupport
import Testing

@testable import Agent

/// The program that uses each GPU, against a library that answers as the driver's does.
@Suite(.enabled(if: isInstalled("clang") && isInstalled("python3"), "no clang or no python3"))
struct GPUUseTests {
    /// Each function of the driver's that is called; GPUS are there, and FAULT fails with CODE.
    private static let library = """
        #include <stdlib.h>
        #include <string.h>
        static int fails(const char *name) {
            const char *fault = getenv("FAULT");
            return fault && !strcmp(fault, name) ? atoi(getenv("CODE")) : 0;
        }
        static unsigned memory[4096], current;
        int cuInit(unsigned flags) { return fails("cuInit"); }
        int cuGetErrorString(int code, const char **text) { *text = "the driver's words"; return 0; }
        int cuDeviceGetCount(int *count) { *count = atoi(getenv("GPUS")); return 0; }
        int cuDeviceGet(int *device, int number) { *device = number; return 0; }
        int cuDevicePrimaryCtxRetain(void **context, int device) {
            *context = &current; return fails("cuDevicePrimaryCtxRetain");
        }
        int cuCtxSetCurrent(void *context) { return context == &current ? 0 : 1; }
        int cuMemAlloc_v2(unsigned long long *at, size_t size) {
            *at = (unsigned long long)memory; return size <= sizeof memory ? fails("cuMemAlloc_v2") : 2;
        }
        int cuMemsetD32_v2(unsigned long long at, unsigned value, size_t count) {
            for (size_t i = 0; i < count; i++) ((unsigned *)at)[i] = fails("memory") ? 7 : value;
            return 0;
        }
        int cuMemcpyDtoH_v2(void *to, unsigned long long from, size_t size) {
            memcpy(to, (void *)from, size); return 0;
        }
        int cuMemFree_v2(unsigned long long at) { return 0; }
        int cuDevicePrimaryCtxRelease_v2(int device) { return 0; }
        """

    private func result(_ environment: [String: String?]) async throws -> CommandResult {
        let scratch = try Scratch()
        let source = try scratch.write(Self.library, to: "cuda.c")
        let compiled = try await PosixRunner().run(
            Command(
                "clang", ["-shared", "-fPIC", "-o", scratch.path + "/libcuda.so.1", source]))
        #expect(compiled.succeeded, "\(compiled.errorOutput)")
        var command = Command("python3", ["-c", EnvironmentTools.tryGPUs])
        command.environment = environment.merging(["LD_LIBRARY_PATH": scratch.path]) { $1 }
        return try await PosixRunner().run(command, timeout: .seconds(60))
    }

    @Test func `each GPU is used once`() async throws {
        let result = try await result(["GPUS": "8"])
        #expect(result.succeeded, "\(result.errorOutput)")
        #expect(result.output == "8\n")
    }

    @Test(arguments: [
        ("cuInit", "802"), ("cuDevicePrimaryCtxRetain", "46"), ("cuMemAlloc_v2", "2"),
    ])
    func `the driver's own words say what fails`(fault: String, code: String) async throws {
        let result = try await result(["GPUS": "1", "FAULT": fault, "CODE": code])
        #expect(result.termination == .exited(1))
        #expect(result.errorOutput.contains("\(fault): error \(code), the driver's words"))
    }

    @Test func `memory that does not keep what was written is no GPU`() async throws {
        let result = try await result(["GPUS": "1", "FAULT": "memory", "CODE": "1"])
        #expect(result.termination == .exited(1))
        #expect(result.errorOutput.contains("does not give back"))
    }
}
