import Testing

@testable import Shared

@Suite struct StoreRegistryTests {
    @Test func `each scheme stands in the list once`() {
        #expect(Set(StoreRegistry.schemes).count == StoreRegistry.kinds.count)
    }

    @Test(arguments: StoreRegistry.schemes)
    func `each tool of a store is made under its own name, the first if none is named`(
        scheme: String
    ) throws {
        let url = StoreURL(scheme: scheme, bucket: "bucket", path: "prefix")
        let tools = StoreRegistry.tools(for: scheme)
        for tool in tools {
            let store = try StoreRegistry.store(for: url, access: StoreAccess(tool: tool))
            #expect(store.traits.tool == tool)
        }
        let own = try StoreRegistry.store(for: url, access: StoreAccess())
        #expect(own.traits.tool == tools.first ?? DirectoryStoreCommand.name)
    }

    @Test func `a hint about places names every store`() throws {
        let failure = #expect(throws: Failure.self) { try StoreURL(parsing: "ftp://x") }
        for kind in StoreRegistry.kinds {
            #expect(failure?.hint?.contains(kind.example) == true, "\(kind.scheme)")
        }
    }
}
