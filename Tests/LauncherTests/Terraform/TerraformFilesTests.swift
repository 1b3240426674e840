import Shared
import TestSupport
import Testing

@testable import Launcher

@Suite struct TerraformFilesTests {
    private func names(in directory: String, _ isWanted: (String) -> Bool) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter(isWanted).sorted()
    }

    @Test func `the launcher carries exactly the files of the two directories`() throws {
        let terraform = BuiltProducts.repository + "/Sources/Launcher/Terraform"
        let cloudInit = BuiltProducts.repository + "/cloud-init"
        let own = TerraformFiles.clouds.values.map { $0 } + TerraformFiles.shared
        #expect(own.map(\.name).sorted() == (try names(in: terraform) { $0.hasSuffix(".tf") }))
        #expect(
            TerraformFiles.bootstrap.map(\.name).sorted()
                == (try names(in: cloudInit) { !$0.hasPrefix(".") }))
        for (name, bytes) in own {
            #expect(try Array(readFile("\(terraform)/\(name)")) == bytes, "\(name)")
        }
        for (name, bytes) in TerraformFiles.bootstrap {
            #expect(try Array(readFile("\(cloudInit)/\(name)")) == bytes, "\(name)")
        }
    }

    @Test(arguments: ["gcp", "aws", "azure"])
    func `a folder gets the file of its own cloud alone`(cloud: String) throws {
        let scratch = try Scratch()
        try TerraformFiles.write(for: cloud, to: scratch.path)
        let written = try names(in: scratch.path) { $0.hasSuffix(".tf") }
        #expect(written == ["\(cloud).tf", "outputs.tf", "variables.tf"].sorted())
        #expect(exists(scratch.path + "/cloud-init/bootstrap.sh"))
    }
}
