import Shared

/// The common part of the names of a run's two stores: `train` and twelve random letters.
///
/// Buckets and storage accounts share one namespace worldwide: a name made of the run's own words
/// would be taken by a stranger's `classifier/beer`, or beforehand by someone who wants what is
/// uploaded. The user's words are no part of it either, since a cloud may refuse some of them
/// (cloud.google.com/storage/docs/buckets#naming). The run's record keeps the name.
struct StoreName: Codable, Sendable, Equatable {
    let text: String

    /// - Parameter random: 64 random bits, of which 60 are used.
    init(random: UInt64) {
        let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567")
        text = "train" + String((0..<12).map { alphabet[Int((random >> (5 * $0)) & 31)] })
    }

    /// - Throws: `Failure` for any other text: what comes from a bucket must not name another store.
    init(checking text: String) throws {
        guard text.wholeMatch(of: /train[a-z2-7]{12}/) != nil else {
            throw Failure("\(quoted(text)) is not the name of a run's stores")
        }
        self.text = text
    }

    /// The name in the output's URL, for records of versions that did not keep it.
    init(ofOutput output: StoreURL) throws {
        try self.init(checking: String(output.bucket.prefix { $0 != "-" }))
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        do {
            try self.init(checking: text)
        } catch {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\(quoted(text)) is not the name of a run's stores"
            )
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
