"""The pages about people: all of them, and each one."""

from visavis.entry.services import People, Records, Services
from visavis.entry.web import people_list, people_person
from visavis.entry.web.handover import Handover


def install(services: Services, records: Records, people: People, handover: Handover) -> None:
    """Register the pages."""
    people_list.install(records, handover)
    people_person.install(services, records, people, handover)
