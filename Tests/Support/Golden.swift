import Shared
import Testing

/// Compares a text with a file beside the tests; TRAIN_UPDATE_GOLDEN=1 writes it anew.
package enum Golden {
    package static func expect(
        _ text: String, equals name: String, file: String = #filePath,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let path = parentDirectory(file) + "/Golden/" + name
        if ProcessInfo.processInfo.environment["TRAIN_UPDATE_GOLDEN"] == "1" {
            try AtomicFile.write(Data(text.utf8), to: path)
        }
        let kept = String(decoding: try readFile(path), as: UTF8.self)
        #expect(
            text == kept, "TRAIN_UPDATE_GOLDEN=1 swift test writes \(name) anew",
            sourceLocation: sourceLocation)
    }
}
