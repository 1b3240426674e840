import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct TerraformFilesTests {
    private func names(in directory: String, _ isWanted: (String) -> Bool) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter(isWanted).sorted()
    }

    @Test func `the launcher carries exactly the files of the two directories`() throws {
        let terraform = BuiltProducts.repository + "/Sources/Launcher/Clouds/Terraform"
        let cloudInit = BuiltProducts.repository + "/cloud-init"
        let own = CloudRegistry.providers.flatMap(\.terraformFiles) + TerraformFiles.shared
        #expect(own.map(\.name).sorted() == (try names(in: terraform) { $0.hasSuffix(".tf") }))
        #expect(
            TerraformFiles.bootstrap.map(\.name).sorted()
                == (try names(in: cloudInit) { !$0.hasPrefix(".") }))
        for file in own {
            #expect(try Array(readFile("\(terraform)/\(file.name)")) == file.bytes, "\(file.name)")
        }
        for (name, bytes) in TerraformFiles.bootstrap {
            #expect(try Array(readFile("\(cloudInit)/\(name)")) == bytes, "\(name)")
        }
    }

    @Test(arguments: CloudRegistry.providers.map(\.name))
    func `a folder gets the files of its own cloud alone`(name: String) throws {
        let scratch = try Scratch()
        let provider = try #require(CloudRegistry.providers.first { $0.name == name })
        try TerraformFiles.write(provider.terraformFiles, to: scratch.path)
        let written = try names(in: scratch.path) { $0.hasSuffix(".tf") }
        let shared = ["outputs.tf", "settings.tf", "variables.tf"]
        #expect(written.contains("\(name).tf"))
        #expect(written.filter { !$0.hasPrefix(name) } == shared)
        #expect(
            written.filter { $0.hasPrefix(name) } == provider.terraformFiles.map(\.name).sorted())
        #expect(exists(scratch.path + "/cloud-init/bootstrap.sh"))
    }
}
