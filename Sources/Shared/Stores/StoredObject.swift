/// What a listing says of one object.
package struct StoredObject: Sendable, Hashable {
    /// Below the prefix that was listed.
    package var path: String
    package var size: Int64
    /// Where the store lists it (Google, and our own file store).
    package var crc32c: UInt32?
    /// Where the store lists it (S3 for objects of one part, Azure, Google).
    package var md5: MD5.Digest?
    /// What names exactly these bytes, where the store numbers them (Google's generation).
    package var version: String?
    /// It is stored compressed and unpacked as it comes (`Content-Encoding`), so its size and hashes
    /// are not the file's.
    package var isEncoded: Bool

    package init(
        path: String, size: Int64, crc32c: UInt32? = nil, md5: MD5.Digest? = nil,
        version: String? = nil, isEncoded: Bool = false
    ) {
        self.path = path
        self.size = size
        self.crc32c = crc32c
        self.md5 = md5
        self.version = version
        self.isEncoded = isEncoded
    }
}

/// How the commands of a store are allowed in, and which they are.
package struct StoreAccess: Sendable, Equatable {
    /// A key file on the laptop; nil on a VM, where the machine's identity counts.
    package var credentialsPath: String?
    /// The tool the user chose by `--transfer_tool`; nil takes the store's own.
    package var tool: String?
    /// The executable that answers to `file-store`; nil finds our own.
    package var program: String?
    /// Where interrupted transfers are noted; nil takes the user's state directory.
    package var stateDirectory: String?

    package init(
        credentialsPath: String? = nil, tool: String? = nil, program: String? = nil,
        stateDirectory: String? = nil
    ) {
        self.stateDirectory = stateDirectory
        self.credentialsPath = credentialsPath
        self.tool = tool
        self.program = program
    }

    /// The variable by which the local cloud hands its agent the user's key: a path, no secret.
    package static let credentialsVariable = "TRAIN_CREDENTIALS_PATH"

    /// What an agent has: that key where there is one, else the machine's own identity.
    package static func ofMachine(tool: String?) -> StoreAccess {
        StoreAccess(
            credentialsPath: ProcessInfo.processInfo.environment[credentialsVariable], tool: tool)
    }
}
