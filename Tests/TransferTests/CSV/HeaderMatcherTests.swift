import Testing

@testable import Transfer

@Suite("Matching headers")
struct HeaderMatcherTests {
    static let organisation = HeaderMatcher(
        [
            HeaderTarget(key: "name", label: "Name", isTitle: true), HeaderTarget(key: "legal_name", label: "Legal name"),
            HeaderTarget(key: "website", label: "Website"), HeaderTarget(key: "industry", label: "Industry", alsoCalled: ["Sector"]),
            HeaderTarget(key: "employees", label: "Employees"), HeaderTarget(key: "revenue", label: "Annual revenue"),
            HeaderTarget(key: "founded_year", label: "Founded", alsoCalled: ["Year established"]),
            HeaderTarget(key: "parent", label: "Parent organisation", alsoCalled: ["Subsidiary of"]),
            HeaderTarget(key: "billing_address/city", label: "Billing address: city"),
            HeaderTarget(key: "billing_address/country", label: "Billing address: country"),
        ], typeNames: ["organisation", "Organisation", "Organisations", "Company", "Account"])

    static let person = HeaderMatcher(
        [
            HeaderTarget(key: "first_name", label: "First name", alsoCalled: ["Given name", "Prénom"]),
            HeaderTarget(key: "last_name", label: "Last name", alsoCalled: ["Surname"]),
            HeaderTarget(key: "job_title", label: "Job title"),
            HeaderTarget(key: "organisation", label: "Organisation", alsoCalled: ["Company"]),
            HeaderTarget(key: "emails", label: "Emails"), HeaderTarget(key: "phones", label: "Phones"),
            HeaderTarget(key: "address/city", label: "Address: city"),
            HeaderTarget(key: "address/postal_code", label: "Address: postal code"),
            HeaderTarget(key: "birthday", label: "Birthday", alsoCalled: ["DOB"]),
            HeaderTarget(key: "do_not_call", label: "Do not call", synonyms: ["DNC"]),
        ], typeNames: ["person", "People", "Contact"])

    @Test("maps the headers of the sales data's accounts")
    func accounts() {
        let headers = ["account", "sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of"]
        let matches = Self.organisation.match(headers)
        #expect(matches.map(\.key) == ["name", "industry", "founded_year", "revenue", "employees", nil, "parent"])
        #expect(matches.map(\.reason) == [.typeName, .synonym, .synonym, .name, .name, .none, .synonym])
        #expect(matches.map(\.confidence) == [0.7, 0.9, 0.9, 1, 1, 0, 0.9])
    }

    @Test(
        "finds the field behind a header",
        arguments: [
            ("first_name", "first_name", .name), ("First Name", "first_name", .name), ("FIRSTNAME", "first_name", .name),
            ("firstName", "first_name", .name),
            ("  first-name: ", "first_name", .name), ("Given name", "first_name", .synonym), ("Surname", "last_name", .synonym),
            ("E-Mail", "emails", .synonym), ("email address", "emails", .synonym), ("Telephone", "phones", .synonym),
            ("Company", "organisation", .synonym),
            ("City", "address/city", .name), ("Town", "address/city", .synonym), ("ZIP", "address/postal_code", .synonym),
            ("DOB", "birthday", .synonym),
            ("dnc", "do_not_call", .name), ("Brithday", "birthday", .spelling), ("Organisaton", "organisation", .spelling),
            ("Person last name", "last_name", .synonym), ("Contact first name", "first_name", .synonym), ("Préñom", "first_name", .synonym),
            // Of another name nothing is guessed: it is that, or it isn't.
            ("Surnames", nil, .none), ("Company size", nil, .none), ("Names given", nil, .none),
            ("Favourite colour", nil, .none), ("", nil, .none), ("???", nil, .none), (String(repeating: "name ", count: 1000), nil, .none),
        ] as [(String, String?, HeaderMatch.Reason)])
    func single(header: String, key: String?, reason: HeaderMatch.Reason) {
        let match = Self.person.match([header])[0]
        #expect(match.key == key)
        #expect(match.reason == reason)
    }

    @Test("gives a field to the column with the best claim only")
    func oneEach() {
        let matches = Self.person.match(["Mail", "emails", "Email", "Surname", "Last name"])
        #expect(matches.map(\.key) == [nil, "emails", nil, nil, "last_name"])
        #expect(Self.person.match(["Email", "E-Mail"]).map(\.key) == ["emails", nil])
    }

    @Test(
        "counts the letters to change",
        arguments: [
            ("kitten", "sitting", 3), ("", "abc", 3), ("abc", "", 3), ("ab", "ba", 1), ("same", "same", 0), ("birthday", "brithday", 1),
        ])
    func distance(left: String, right: String, expected: Int) {
        #expect(HeaderWords.distance(Array(left), Array(right)) == expected)
    }
}
