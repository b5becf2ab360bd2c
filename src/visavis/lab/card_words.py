"""What model cards say about data and use: sentences that no measurement gives."""

from collections.abc import Mapping
from types import MappingProxyType

from visavis.core.attributes import Head

QUESTIONS: Mapping[Head, str] = MappingProxyType(
    {
        Head.AGE: "how old the face looks",
        Head.GENDER: "whether the face looks female or male to others",
        Head.RACE: "to which of seven groups annotators would assign the face",
        Head.EMOTION: "which of seven expressions the face shows",
    }
)

DATA_LIMITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "FairFace": (
            (
                "FairFace (Kärkkäinen and Joo, 2021) is published under CC BY 4.0, which asks for "
                "attribution. Its pictures come from public photos on Flickr."
            ),
            (
                "All labels are perceived: crowd workers said what a face looks like. Nobody in "
                "the pictures was asked for their age, gender or race."
            ),
            (
                "Few faces are older than 70 (about one in a hundred) or younger than 3, so that "
                "figures for these ages are weak."
            ),
        ),
        "FER2013": (
            (
                "FER2013 (Goodfellow et al., 2013) is a research set without a clear licence. Its "
                "pictures were found on the web by searching for words of emotions; ask a lawyer "
                "before you sell what was trained on it, or train the head on pictures of your own."
            ),
            "Its labels are noisy: people agree with them about 65 % of the time.",
            "Its faces are mostly posed, grey and 48 pixels wide; disgust and fear are rare.",
        ),
    }
)
"""By the name of the data set, as it stands in the card's provenance."""

OTHER_DATA = (
    "This data set is not one of those that Visavis ships heads from: whoever trained the head has "
    "to say who is in it, who labelled it, and who is missing."
)

HEAD_LIMITS: Mapping[Head, str] = MappingProxyType(
    {
        Head.AGE: "The age is how old a face looks, in nine bins; it is no proof of age.",
        Head.GENDER: "Gender has two classes here, because the labels have two. It says nothing "
        "about how people see themselves, and has no answer for those who are neither.",
        Head.RACE: "The seven race classes are a social construct, drawn from a view centred on "
        "the United States. They do not describe ancestry, nationality or culture, many people "
        "belong to several or to none, and other societies would draw them otherwise.",
        Head.EMOTION: "An expression is not a feeling: how people show what they feel differs "
        "between people, cultures and situations.",
    }
)

INTENDED = (
    "Statistics over many faces: who comes by, as shares with their intervals.",
    "Sorting and searching one's own pictures, with the answer shown as a guess.",
    "Measuring whether a system treats groups of people alike.",
)

FORBIDDEN = (
    "Decisions about a single person: work, credit, housing, insurance, health, policing, borders.",
    "Proof of age or identity.",
    "Race as an input of targeting, pricing, ranking or access, in any form.",
    "Reading emotions at work or in education, which the law forbids in the European Union.",
    "Telling people what they are: the answer may be `unknown`, and what they say counts.",
)

POLICY: Mapping[Head, str] = MappingProxyType(
    {
        head: f"The head for {head} is off by default; the deployment's policy has to state a "
        "purpose before it answers."
        for head in (Head.RACE, Head.EMOTION)
    }
)
