import Shared

@testable import Launcher

/// A cloud that only the tests know: the smallest provider, of directories and with a Terraform file
/// that needs no provider of Terraform's.
struct SampleProvider: CloudProvider {
    /// Holds the run's stores.
    var root = "/nowhere"

    let name = "sample"
    let defaultProjectName: String? = "sample"
    let needsCredentials = false
    let scheme = "file"
    /// Never installed, since the file needs only what is part of Terraform; a lock needs a hash.
    let lockedProvider = LockedProvider(
        name: "null", version: "3.2.4", hashes: ["zh:" + String(repeating: "0", count: 64)])
    let storeResources = ["terraform_data.store"]
    let machineResource = "terraform_data.machine"
    let defaultZone = "moon-north1-a"
    var tool = "sample-tool"
    let loginVariables = ["SAMPLE_TOKEN"]
    let loginCommand = "sample-tool login"
    let refusalSigns = [RefusalSign(.stockout, ["no moon machine is left"])]

    let terraformFiles = [
        TerraformFile(
            name: "sample.tf",
            bytes: Array(
                """
                locals {
                  machine = { CLOUD = "sample", AGENT_SOURCE = "file:///agent" }
                  outputs = {
                    instance_name = var.run_slug, instance_id = "1", zone = var.zone, region = "moon-north1"
                    project = "sample", public_ip = "", code_bucket_url = "", output_bucket_url = ""
                    console_url = "", billing = [{ what = "machine ${var.machine_type}", until = "finish" }]
                  }
                }
                resource "terraform_data" "machine" {
                  input = { name = var.run_slug, type = var.machine_type, labels = local.labels }
                }

                """.utf8))
    ]

    func region(of zone: String) -> String { String(zone.dropLast(2)) }
    func machineType(for request: MachineRequest) -> String { request.machineType ?? "moon-gpu-1" }
    func dataset(_ text: String) throws -> StoreURL { try StoreURL(parsing: text) }
    func store(_ part: String, _ name: StoreName) -> StoreURL {
        StoreURL(scheme: scheme, bucket: "", path: "\(root)/\(name.text)/\(part)")
    }
    func check(_ plan: Plan) throws {}
    func variables(of plan: Plan, _ name: StoreName) -> [String: JSONValue] { [:] }

    func backend(_ place: BackendPlace) -> (kind: String, settings: [String: JSONValue]) {
        ("local", ["path": .string(place.url.path + "/terraform.tfstate")])
    }

    func environment(credentialsPath: String?) -> [String: String?] { [:] }
    func stateQuery(of machine: Machine) -> [String] { ["state", machine.instanceId] }
    func stateWords(of machine: Machine) -> (running: [String], gone: [String]) {
        (["on"], ["off"])
    }
    func stopArguments(of machine: Machine) -> [String] { ["stop", machine.instanceId] }
}
