import Shared
import TestSupport
import Testing

@testable import Launcher

/// Against what Terraform 1.11 printed.
@Suite struct TerraformProgressTests {
    private func recorded(_ name: String) throws -> [UInt8] {
        let tests = parentDirectory(parentDirectory(#filePath))
        return Array(try readFile("\(tests)/Recorded/\(name).jsonl"))
    }

    private func read(_ bytes: [UInt8], piece: Int) -> (CapturedConsole, TerraformProgress) {
        let heard = CapturedConsole()
        let progress = TerraformProgress(
            LiveLine(terminal: .plain, write: heard.console.draw))
        for start in stride(from: 0, to: bytes.count, by: piece) {
            progress.read(bytes[start..<min(start + piece, bytes.count)])
        }
        return (heard, progress)
    }

    @Test(arguments: [1, 7, 4096, 1 << 20])
    func `an apply is told the same however its output is cut`(piece: Int) throws {
        let (heard, progress) = read(try recorded("apply-stockout"), piece: piece)
        let lines = heard.errors.split(separator: "\n")
        #expect(lines.count == 11)
        #expect(lines.filter { $0.contains("✓ created ") }.count == 10)
        #expect(lines.last?.contains("✗ could not create google_compute_instance.run") == true)
        #expect(progress.errors.count == 1)
        #expect(progress.errors.first?.address == "google_compute_instance.run")
        let error = TerraformDriver.TerraformError(progress.errors, lastLines: "")
        #expect(error.kind == .stockout)
    }

    @Test func `a destroy that is refused names the reason`() throws {
        let (heard, progress) = read(try recorded("destroy-refused"), piece: 512)
        #expect(heard.errors.contains("✓ removed "))
        #expect(TerraformDriver.TerraformError(progress.errors, lastLines: "").kind == .notEmpty)
    }

    @Test(arguments: ["", "plain words\n", "{\"type\":1}\n", "[]\n", "{\"type\":\"new\"}\n"])
    func `what is no event is skipped`(text: String) {
        let (heard, progress) = read(Array(text.utf8), piece: 3)
        #expect(heard.errors.isEmpty)
        #expect(progress.errors.isEmpty)
    }
}
