import TesseraKit

/// Tidies a person's names and addresses and writes `display_name`.
enum PersonHook {
    static func register(into registry: inout ModuleRegistry) {
        registry.beforeWrite(
            "person",
            reads: ["first_name", "last_name", "display_name", "emails", "phones"],
            writes: ["first_name", "last_name", "display_name", "emails"]
        ) { people, _ in
            people.compactMap(patch)
        }
    }

    /// What the write lacks, or nil when it lacks nothing.
    static func patch(_ person: RecordImage) -> RecordPatch? {
        var values: [String: FieldValue] = [:]
        let first = tidiedName("first_name", of: person, into: &values)
        let last = tidiedName("last_name", of: person, into: &values)
        if let emails = Channels.tidiedEmails(person["emails"]) { values["emails"] = emails }
        let email = Channels.primary("address", of: person["emails"]).map { EmailAddress($0) }
        let phone = Channels.primary("number", of: person["phones"])
        let display = FieldValue.text(PersonName.display(first: first, last: last, email: email, phone: phone))
        if person["display_name"] != display { values["display_name"] = display }
        return values.isEmpty ? nil : person.patch(values)
    }

    private static func tidiedName(_ field: String, of person: RecordImage, into values: inout [String: FieldValue]) -> String? {
        guard let typed = person[field].text else { return nil }
        let name = PersonName.tidied(typed)
        if name != typed { values[field] = name.map { .text($0) } ?? .null }
        return name
    }
}
