"""What is asked, found and claimed about each kind of work.

In: nothing. Out: `TOPICS`: subject, question and answer by the number of the cost code; `GRIDS`: where.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Topic:
    """One thing people write about; `code` is the number of a cost code in the list of them."""

    code: int
    subject: str
    question: str
    answer: str


def _topics(text: str) -> tuple[Topic, ...]:
    rows = (line.strip().split("|") for line in text.strip().splitlines())
    return tuple(Topic(int(code), subject, question, answer) for code, subject, question, answer in rows)


GRIDS = ("A2", "B5", "C4", "D1", "E7", "F3", "G6", "H2")
TOPICS = _topics(
    """
    0|Crane base position|The crane base shown clashes with the incoming water main. May it move two metres east?|Yes, keep three metres from the retaining wall.
    0|Hoarding line along the footway|The hoarding line takes the whole footway. Which line did the council approve?|Use the line of the second permit drawing.
    1|Extent of soft strip|The strip drawings stop at the stair core. Is the core part of the works?|The core lining goes, the structure stays.
    1|Unmarked duct in slab|A duct not on any survey was found in the slab. Is it live, and may it be cut?|It is dead. Cut and cap at both ends.
    2|Rebar spacing at grade beam|Bar schedule and section disagree on spacing. Which governs?|The section governs: 150 centres.
    2|Slab edge at curtain wall|The slab edge is 40 mm short of the bracket zone. Can the bracket be extended?|Extend the bracket, see the sketch attached.
    2|Cold joint in core wall|The pour stopped early. Is a water bar needed at the new joint?|Yes, a swelling bar on the outer face.
    3|Bearing of precast stair|The landing bearing is 60 mm, the note asks for 75. Accept?|Accept with an angle below the landing.
    3|Lifting points of wall panels|The panels arrive without lifting points on the long edge. How should they be turned?|Turn on a tilting table as in the method statement.
    4|Movement joints in brickwork|No movement joints are shown on the east elevation. Where do they go?|At every second column line.
    4|Lintel over plant louvre|The louvre grew by a course. Does the lintel still span?|Use the next size up.
    5|Connection at transfer beam|The end plate does not fit beside the stiffener. May a bolt row be left out?|No. Notch the stiffener by 20 mm.
    5|Paint system of exposed steel|The finishes schedule and the steel specification name different systems. Which one?|The finishes schedule.
    6|Blocking behind handrail|No blocking is shown where the handrail is fixed. Add it?|Add timber blocking, full height.
    7|Roof drain and parapet|The drain is higher than the membrane upstand allows. Lower the drain?|Lower by 50 mm and taper the insulation.
    7|Warranty of the green roof build-up|The supplier's warranty excludes planting above 200 mm. Is that accepted?|The planting is reduced to 180 mm.
    8|Façade mock-up comments|The mock-up showed a visible gasket at the corner. Is that the intent?|No. Use the mitred gasket.
    8|Door schedule against fire strategy|Twelve doors are FD30 in the schedule and FD60 in the strategy. Which?|FD60 for all twelve.
    9|Partition head at metal deck|The deflection head is not detailed for the deck profile. Which detail applies?|Detail 7, with mineral wool in the flutes.
    9|Ceiling height in corridor|Services need 180 mm more than the ceiling allows. Lower the ceiling?|Lower to 2,350 mm between grids 3 and 6.
    10|Colour of plant room floor|The floor colour is missing from the schedule. Which colour?|Light grey, slip class R11.
    11|Lift pit waterproofing|Who provides the tanking of the lift pit, and to which grade?|The basement contractor, grade 3.
    11|Lift overrun|The overrun drawn is 200 mm less than the supplier needs. Raise the roof upstand?|Raise it; the planners have been told.
    12|Sprinkler heads below ducts|Ducts wider than 1.2 m have no heads below. Add them?|Add heads below all ducts over 1 m.
    12|Fire pump room access|The pump cannot be taken out through the door. Widen the opening?|Widen to 1,400 mm.
    13|Hot water return|The return is missing on the riser diagram. Is it needed?|Yes, 22 mm, insulated.
    13|Clash of drain and pile cap|The drain runs through the pile cap. Divert or sleeve?|Divert around the cap.
    14|Fire damper access|There is no access to the damper above the plaster ceiling. Add a panel?|Add a panel, 450 by 450.
    14|Air handling unit weight|The unit is 300 kg heavier than the frame was designed for. Check?|Checked, no change.
    15|Conduit clash in corridor|Conduit and duct share the same space. Who moves?|The conduit goes down by 120 mm.
    15|Switchboard position|The board blocks the escape width. Where should it go?|Turn it by 90 degrees.
    15|Emergency lighting circuit|Two drawings show different circuits. Which one?|The later revision.
    16|Unsuitable ground|Soft clay was found 600 mm below formation. Dig out and replace?|Dig out and replace with class 6F2.
    16|Temporary drainage|Rain water stands in the excavation. May it be pumped to the sewer?|Only through a settlement tank.
    17|Tree pit size|The tree pits shown are smaller than the supplier asks for. Enlarge?|Enlarge to 1.8 m square.
    17|Paving level at entrance|The paving ends 30 mm above the threshold. Which level moves?|The paving, with a channel drain.
    """
)
