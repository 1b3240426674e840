import Shared

/// One parser of ours, as the fuzzer calls it. CONTRIBUTING.md says how one is added.
package struct FuzzTarget: Sendable, CustomStringConvertible {
    /// Also the folder of its good inputs, `Tests/Fuzz/seeds/NAME`, one a file.
    package let name: String
    /// Of `Tests/Fuzz/words`: what its inputs are made of, a word a line.
    let words: [String]
    /// Reads one input, and returns all the texts that a person would be shown of it.
    ///
    /// A `Failure` is a good end; its words are looked at too. Any other error is a defect: nobody
    /// explains it to a person.
    let read: @Sendable (_ input: [UInt8]) async throws -> [String]

    package init(
        _ name: String, words: [String] = ["json"],
        _ read: @escaping @Sendable (_ input: [UInt8]) async throws -> [String]
    ) {
        self.name = name
        self.words = words
        self.read = read
    }

    /// The same for a parser of texts: what is not UTF-8 is what a lossy reader makes of it.
    package static func ofText(
        _ name: String, words: [String] = ["text"],
        _ read: @escaping @Sendable (_ input: String) async throws -> [String]
    ) -> FuzzTarget {
        FuzzTarget(name, words: words) {
            try await read(String(decoding: $0, as: UTF8.self))
        }
    }

    package var description: String { name }
}
