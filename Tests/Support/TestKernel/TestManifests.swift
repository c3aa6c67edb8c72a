/// Manifests that tests share.
package enum TestManifests {
    /// One record type with a field of every type, and two small ones to link to.
    package static let everyField = """
        manifest: 1
        id: lab
        version: "1.0.0"
        name: Laboratory
        platform: ">=0.1 <1.0"
        run: { mode: data }
        types:
          place:
            collection: places
            label: Place
            display: name
            fields:
              name: { type: text, label: Name, required: true, unique: true, length: { max: 50 } }
          topic:
            collection: topics
            label: Topic
            display: name
            fields:
              name: { type: text, label: Name, required: true }
          sample:
            collection: samples
            label: Sample
            display: title
            fields:
              title: { type: text, label: Title, required: true, length: { max: 40 }, sort: en }
              code: { type: text, label: Code, unique: true, pattern: "[A-Z]{2}[0-9]+" }
              notes: { type: long_text, label: Notes }
              amount: { type: integer, label: Amount, range: { min: 0, max: 1000 } }
              weight: { type: decimal, label: Weight, precision: 12, scale: 3 }
              price: { type: money, label: Price, range: { min: 0 } }
              ready: { type: boolean, label: Ready, default: false }
              start_date: { type: date, label: Start }
              end_date: { type: date, label: End, required_when: "ready eq true" }
              measured_at: { type: date_time, label: Measured at }
              effort: { type: duration, label: Effort }
              state:
                type: choice
                label: State
                default: fresh
                choices:
                  fresh: { label: Fresh, category: open }
                  used: { label: Used, category: closed }
                  rotten: { label: Rotten, category: closed, retired: true }
              hazards: { type: multi_choice, label: Hazards, choices: { toxic: { label: Toxic }, acid: { label: Acid }, hot: { label: Hot } } }
              emails: { type: emails, label: Emails }
              phones: { type: phones, label: Phones }
              site: { type: url, label: Site }
              origin: { type: address, label: Origin }
              tags: { type: tags, label: Tags }
              place: { type: link, label: Place, to: place, inverse: samples, on_delete: clear }
              parent: { type: link, label: Parent, to: sample, inverse: parts, on_delete: restrict }
              places:
                type: links
                label: Places
                to: place
                inverse: visitors
                primary: place
                columns:
                  role: { type: text, label: Role, length: { max: 20 } }
                  since: { type: date, label: Since }
              subject: { type: link_any, label: Subject, to: [place, topic] }
              keeper: { type: user, label: Keeper }
              photo: { type: file, label: Photo }
              data: { type: json, label: Data }
              number: { type: auto_number, label: Number, pattern: "S-{yyyy}-{0000}" }
            indexes: [ { fields: [title, code] } ]
            unique: [ { fields: [title, start_date], message: This title starts on that day already. } ]
            rules:
              - { id: dates, check: "end_date ge start_date", message: The end lies before the start., fields: [end_date] }
        """

    /// A module that says no more about itself than it has to.
    package static func module(_ id: String, _ rest: String) -> String {
        """
        manifest: 1
        id: \(id)
        version: "1.0.0"
        name: \(id.prefix(1).uppercased() + id.dropFirst())

        """ + rest
    }

    /// Records in a tree: a link to their own type that may have no loop, beside one that may.
    package static let tree = """
        manifest: 1
        id: lab
        version: "1.0.0"
        name: Laboratory
        platform: ">=0.1 <1.0"
        types:
          unit:
            collection: units
            label: Unit
            display: name
            fields:
              name: { type: text, label: Name, required: true, unique: true }
              note: { type: text, label: Note }
              parent: { type: link, label: Parent unit, to: unit, inverse: parts, acyclic: true }
              partner: { type: link, label: Partner, to: unit }
        """
}
