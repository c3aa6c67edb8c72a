import Manifests
import Testing

@Suite("Composing a deployment") struct ComposerTests {
    @Test("the starter deployment composes from the disk")
    func starter() throws {
        let result = Composer().compose("\(Repository.root)/manifests/deployments/starter.yaml")
        #expect(result.diagnostics.map(\.description) == [])
        let composition = try #require(result.composition)
        #expect(composition.modules.map(\.manifest.id.value) == ["contacts"])
        #expect(composition.modules.first?.settings == ["default_region": .text("US")])
        #expect(composition.types.map(\.name.description) == ["contacts.organisation", "contacts.person"])
    }

    @Test("an overlay's fields, choices and labels are merged into the modules' types")
    func overlay() throws {
        let files = [
            "d/deployment.yaml": "deployment: 1\nname: acme\nmodules: { contacts: {} }\noverlays: [overlay.yaml]\n",
            "d/overlay.yaml": try text("sdk/Tests/ManifestsTests/Corpus/accept/overlay-every-addition.yaml"),
            "d/manifests/contacts.yaml": try text("manifests/contacts.yaml"),
        ]
        let result = Composer(files: .memory(files)).compose("d/deployment.yaml")
        #expect(result.diagnostics.map(\.description) == [])
        let composition = try #require(result.composition)
        #expect(composition.types.map(\.name.description) == ["contacts.organisation", "contacts.person", "custom.project"])
        let person = try #require(composition.type(TypeName(module: "contacts", type: "person")))
        #expect(person.fields.last?.key == "loyalty_tier")
        #expect(person.fields.last?.owner == "custom")
        #expect(person.field("job_title")?.declaration.label == "Role at work")
        guard case .choice(let lifecycle)? = person.field("lifecycle")?.declaration.kind else { throw Unexpected() }
        #expect(lifecycle.choices.map(\.key) == ["subscriber", "lead", "contact", "customer", "former_customer", "evangelist"])
    }

    private func text(_ path: String) throws -> String { String(decoding: try Repository.bytes(path), as: UTF8.self) }
}
